// Tests of placeholders: quoting against a real shell, and what is refused.
#include "search/executors/command_template.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/subprocess.h"

namespace pegbox {
namespace {

const std::vector<std::string> kNames{"learning_rate", "rank", "mixture.code", "text"};

std::string fill(const std::string& text, const std::map<std::string, std::string>& values) {
  const auto command = CommandTemplate::parse(text, kNames);
  return command ? command->fill(values) : command.error().message;
}

std::string error_of(const std::string& text) {
  const auto command = CommandTemplate::parse(text, kNames);
  return command ? "accepted" : command.error().message;
}

std::string output_of_shell(const std::string& command) {
  auto process = Subprocess::start({.arguments = {"/bin/sh", "-c", command}, .environment = {}, .folder = {}}).value();
  LineReader reader;
  std::string output;
  for (bool open = true; open;) {
    wait_readable({process->output()}, std::chrono::milliseconds(1000));
    open = reader.fill(process->output());
    while (auto line = reader.take()) output += *line + "\n";
  }
  return output + reader.rest();
}

TEST(CommandTemplate, PutsValuesInTheirPlaces) {
  EXPECT_EQ(fill("train --lr {learning_rate} --rank={rank}", {{"learning_rate", "0.0003"}, {"rank", "8"}}),
            "train --lr 0.0003 --rank=8");
  EXPECT_EQ(fill("a {mixture.code}", {{"mixture.code", "-1e-05"}}), "a -1e-05");
  EXPECT_EQ(fill("a {rank} b", {}), "a '' b");
}

TEST(CommandTemplate, KeepsEveryValueOneWordInARealShell) {
  const std::string evil[] = {"plain",   "two words", "",     "it's", "a\"b", "$HOME",   "`date`",
                              "$(date)", "a;b",       "a\\b", "!x",   "*",    "a\nb",    "-n",
                              "\\",      "'",         "\"",   "${x}", "~",    "a&b|c>d", "größer"};
  const std::string places[] = {"printf '[%s]' {text}", "printf '[%s]' \"{text}\"", "printf '[%s]' '{text}'",
                                "printf '[%s]' \"$(printf '%s' '{text}')\"",
                                "printf '[%s]' $(printf '%s' \"{text}\" | tr ' *' '+#')"};
  for (const std::string& value : evil) {
    for (std::size_t place = 0; place < 4; ++place)
      EXPECT_EQ(output_of_shell(fill(places[place], {{"text", value}})), "[" + value + "]") << places[place];
    EXPECT_EQ(output_of_shell(fill("echo " + places[4] + " > /dev/null; echo safe", {{"text", value}})), "safe\n");
  }
  EXPECT_EQ(output_of_shell(fill("printf '[%s]' \"x $(printf '%s' {text}) y\"", {{"text", "a; echo b"}})),
            "[x a; echo b y]");
}

TEST(CommandTemplate, LeavesTheShellItsOwnBraces) {
  EXPECT_EQ(fill("echo ${HOME} {{}} {rank}", {{"rank", "2"}}), "echo ${HOME} {} 2");
  EXPECT_EQ(fill("awk '{{print $1}}' f", {}), "awk '{print $1}' f");
}

TEST(CommandTemplate, RefusesWhatItCannotFill) {
  EXPECT_NE(error_of("train {learning_rat}").find("did you mean {learning_rate}"), std::string::npos);
  EXPECT_NE(error_of("train {zzz}").find("{rank}"), std::string::npos);
  EXPECT_NE(error_of("awk '{print $1}'").find("{{ and }}"), std::string::npos);
  EXPECT_NE(error_of("train {rank").find("not closed"), std::string::npos);
  EXPECT_NE(error_of("train rank}").find("without its '{'"), std::string::npos);
  EXPECT_NE(error_of("echo `echo {rank}`").find("$(...)"), std::string::npos);
  EXPECT_NE(error_of("echo ${HOME").find("not closed"), std::string::npos);
  EXPECT_NE(error_of("  \n").find("empty"), std::string::npos);
}

}  // namespace
}  // namespace pegbox
