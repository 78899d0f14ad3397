#!/usr/bin/env python3
"""Tests of check_coroutines.py: python3 tools/check_coroutines_test.py"""

import unittest

from check_coroutines import errors_in


class CheckCoroutines(unittest.TestCase):
    def test_finds_what_gcc_12_compiles_wrongly(self) -> None:
        for code in (
            "void f() {\n  while (co_await step(n)) {}\n}",
            "if (!co_await one()) co_return;",
            "for (;\n co_await one();) {}",
            "do {} while (co_await one());",
            "switch (co_await one()) {}",
            "if (const int x = 1; a && co_await one(x)) {}",
            "co_await call([p] { return p; });",
            "const int v = co_await call([this, q = g(8)]() mutable { return q; });",
            "co_await send({401, text}, false);",
            "co_return co_await send(true, {401, text});",
        ):
            self.assertTrue(errors_in(code), code)

    def test_names_the_line(self) -> None:
        self.assertEqual([line for line, _ in errors_in("a;\nb;\nif (co_await c()) d();")], [3])

    def test_leaves_the_rest_alone(self) -> None:
        for code in (
            "bool goes_on = true; while (goes_on) goes_on = co_await one();",
            "if (!plain) co_await connect(code);",
            "if (const bool b = co_await one(); b) {}",
            "for (int i = 0; i < 3; ++i) co_await one(i);",
            "while (!value) co_await timer.async_wait(into(code));",
            "auto job = [p] { return p; }; co_await call(std::move(job));",
            "Reply reply{401, text}; co_await send(std::move(reply), {});",
            "co_await read(buffers[i], asio::buffer(text));",
            "// while (co_await x) is wrong\nconst char* t = \"if (co_await x)\";",
            "asio::co_spawn(io, [&]() -> awaitable<void> { return talk(); }, detached);",
        ):
            self.assertEqual(errors_in(code), [], code)


if __name__ == "__main__":
    unittest.main()
