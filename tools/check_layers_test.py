#!/usr/bin/env python3
"""Tests of check_layers.py on small trees of its own: python3 tools/check_layers_test.py"""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import check_layers

LAYERS = """# rooms
base: | fmt
math: base | Eigen nlopt.hpp
search: base | fmt
search/stores: search base | sqlite3.h
search/samplers: search math base |
train: base |
app: base search |
app/trainer: train base |
python/bindings: base search | nanobind
"""


class CheckLayers(unittest.TestCase):
    def check(self, files: dict[str, str], layers: str = LAYERS) -> tuple[int, str]:
        """The exit code and the output on a tree of these files, with paths from src."""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "src"
            source.mkdir()
            (source / "LAYERS").write_text(layers)
            for room in ("base", "math", "search", "search/stores", "search/samplers", "train", "train/model"):
                (source / room).mkdir(parents=True, exist_ok=True)
                (source / room / "part.h").write_text("#pragma once\n")
            for name, text in files.items():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                (source / name).write_text(text)
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                code = check_layers.main([str(source)])
            return code, output.getvalue().replace(f"{source}/", "").replace(folder + "/", "")

    def assert_clean(self, files: dict[str, str]) -> None:
        code, output = self.check(files)
        self.assertEqual(code, 0, output)

    def assert_refused(self, name: str, text: str, expected: str) -> None:
        code, output = self.check({name: text})
        self.assertEqual(code, 1, output)
        self.assertIn(expected, output)

    def test_accepts_what_the_rooms_allow(self) -> None:
        self.assert_clean({
            "math/a.cc": '#include "math/part.h"\n#include "base/part.h"\n#include <Eigen/Dense>\n#include <nlopt.hpp>\n#include <vector>\n',
            "base/b.cc": "#include <unistd.h>\n  # include <sys/file.h>\n#include <cstdint>\n#include <fmt/format.h>\n",
            "train/model/c.cc": '#include "train/part.h"\n#include "train/model/part.h"\n',
            "app/trainer/d.cc": '#include "train/model/part.h"\n',
        })

    def test_refuses_a_room_above_or_beside_with_its_line(self) -> None:
        self.assert_refused("base/a.cc", '// x\n#include "math/part.h"\n', 'base/a.cc:2: base includes "math/part.h" of math; it may include base')
        self.assert_refused("search/stores/a.cc", '#include "search/samplers/part.h"\n', "search/stores/a.cc:1: search/stores includes")

    def test_keeps_the_two_programs_apart(self) -> None:
        self.assert_refused("app/a.cc", '#include "train/model/part.h"\n', "app includes")
        self.assert_refused("app/trainer/a.cc", '#include "search/part.h"\n', "app/trainer includes")

    def test_refuses_a_library_of_another_room(self) -> None:
        self.assert_refused("base/a.cc", "#include <Eigen/Dense>\n", "base/a.cc:1: base includes <Eigen/Dense>; it may use fmt")
        self.assert_refused("search/a.cc", "#include <sqlite3.h>\n", "search includes <sqlite3.h>")
        self.assert_refused("base/a.cc", "#include <fmtx/format.h>\n", "<fmtx/format.h>")
        self.assert_refused("base/a.cc", "#include <nlopt.hpp>\n", "<nlopt.hpp>")

    def test_gives_gtest_to_tests_only(self) -> None:
        self.assert_clean({"base/a_test.cc": "#include <gtest/gtest.h>\n#include <gmock/gmock.h>\n"})
        self.assert_clean({"base/a_for_test.h": "#include <gtest/gtest.h>\n", "base/a_test.cc": '#include "base/a_for_test.h"\n'})
        self.assert_refused("base/a.cc", "#include <gtest/gtest.h>\n", "gtest")

    def test_keeps_headers_for_tests_out_of_the_programs(self) -> None:
        code, output = self.check({"base/a_for_test.h": "#pragma once\n", "base/a.cc": '#include "base/a_for_test.h"\n'})
        self.assertEqual(code, 1)
        self.assertIn('base/a.cc:1: "base/a_for_test.h" is for tests', output)

    def test_lets_tests_below_search_run_its_rooms_together(self) -> None:
        self.assert_clean({"search/samplers/a_test.cc": '#include "search/stores/part.h"\n'})
        self.assert_refused("math/a_test.cc", '#include "search/part.h"\n', "math includes")

    def test_refuses_paths_that_are_not_from_src(self) -> None:
        self.assert_refused("base/a.cc", '#include "part.h"\n', "write the path from src")
        self.assert_refused("base/a.cc", '#include "../base/part.h"\n', "write the path from src")

    def test_refuses_files_in_no_room(self) -> None:
        self.assert_refused("attic/a.cc", "\n", "attic/a.cc:1: this file is in no room")

    def test_refuses_files_that_are_too_long(self) -> None:
        self.assert_refused("base/a.cc", "\n" * 501, "file too long: 501 lines; at most 500")
        self.assert_refused("base/a_test.cc", "\n" * 801, "file too long: 801 lines; at most 800")
        self.assert_clean({"base/a.cc": "\n" * 500, "base/a_test.cc": "\n" * 800})

    def test_warns_of_long_headers_only(self) -> None:
        code, output = self.check({"base/a.h": "\n" * 151})
        self.assertEqual(code, 0)
        self.assertIn("warning: long header", output)

    def test_refuses_layers_that_are_wrong_themselves(self) -> None:
        for layers, expected in [("base | fmt\n", "cannot read"), ("a: b |\nb: |\n", "not listed above"), ("a: |\na: |\n", "listed twice")]:
            code, output = self.check({}, layers)
            self.assertEqual(code, 1)
            self.assertIn(expected, output)

    def test_rooms_beside_src_include_from_there_and_from_src(self):
        good = {"../python/bindings/a.h": "", "../python/bindings/a.cc": '#include "bindings/a.h"\n#include "search/part.h"\n#include <nanobind/nanobind.h>\n'}
        self.assertEqual(self.check(good)[0], 0)
        code, output = self.check({"../python/bindings/a.cc": '#include "math/part.h"\n'})
        self.assertEqual(code, 1)
        self.assertIn('python/bindings/a.cc:1: python/bindings includes "math/part.h" of math', output)
        code, output = self.check({"../python/bindings/a.h": "", "app/b.cc": '#include "bindings/a.h"\n'})
        self.assertEqual(code, 1)
        self.assertIn('app includes "bindings/a.h" of python/bindings', output)


if __name__ == "__main__":
    unittest.main()
