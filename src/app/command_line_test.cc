// Tests of the command line, its help texts and completions, over the whole table of commands.
#include "app/command_line.h"

#include <gtest/gtest.h>

#include <set>

#include "app/commands/table.h"
#include "app/completions.h"

namespace pegbox {
namespace {

/// A command with one option of each kind.
class Sample final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "sample", .summary = "s", .description = "d", .example = "pegbox sample", .uses_store = true};
  }
  std::vector<Option> options() override {
    return {{.names = "file", .target = &file, .value = "FILE", .help = "a file", .required = true},
            {.names = "--flag", .target = &flag, .value = "", .help = "a flag"},
            {.names = "-n,--number", .target = &number, .value = "N", .help = "a number"},
            {.names = "--kind", .target = &kind, .value = "KIND", .help = "a kind", .choices = {"small", "large"}},
            {.names = "--item", .target = &items, .value = "ITEM", .help = "items"}};
  }
  Result<ExitCode> run(Session&) override { return ExitCode::Done; }
  std::string file, kind = "small";
  bool flag = false;
  std::int64_t number = 1;
  std::vector<std::string> items;
};

class CommandLineTest : public testing::Test {
 protected:
  CommandLineTest() {
    auto owned = std::make_unique<Sample>();
    sample = owned.get();
    commands.push_back(std::move(owned));
  }
  Result<CommandLine> parse(std::vector<std::string> arguments) {
    return parse_command_line(arguments, commands, common);
  }
  std::string error_of(std::vector<std::string> arguments) {
    const auto line = parse(std::move(arguments));
    return line ? "no error" : line.error().message;
  }
  Subcommands commands;
  Sample* sample = nullptr;
  CommonOptions common;
};

TEST_F(CommandLineTest, PutsValuesIntoTheirPlaces) {
  const auto line = parse({"sample", "a.yaml", "--flag", "-n", "-3", "--kind=large", "--item", "x", "--item", "y", "-q",
                           "--store", "my.db"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->command, sample);
  EXPECT_EQ(sample->file, "a.yaml");
  EXPECT_TRUE(sample->flag);
  EXPECT_EQ(sample->number, -3);
  EXPECT_EQ(sample->kind, "large");
  EXPECT_EQ(sample->items, (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(common.quiet);
  EXPECT_EQ(common.store, "my.db");
}

TEST_F(CommandLineTest, TakesOneValueForEachRepeatedOption) {
  const auto line = parse({"sample", "--item", "x", "a.yaml"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(sample->items, std::vector<std::string>{"x"});
  EXPECT_EQ(sample->file, "a.yaml");
}

TEST_F(CommandLineTest, NamesTheNearestCommandAndOption) {
  EXPECT_NE(error_of({"sampel"}).find("sample"), std::string::npos);
  EXPECT_NE(error_of({"sample", "a", "--numbr", "3"}).find("--number"), std::string::npos);
  EXPECT_NE(error_of({"sample", "a", "--kind", "smal"}).find("did you mean small"), std::string::npos);
}

TEST_F(CommandLineTest, DoesNotTakeTheNextArgumentForAnEmptyValue) {
  EXPECT_NE(error_of({"sample", "a", "--store=", "--flag"}).find("nothing after --store="), std::string::npos);
  EXPECT_NE(error_of({"sample", "a", "--flag="}).find("nothing after --flag="), std::string::npos);
  EXPECT_TRUE(parse({"sample", "a", "--item", "NAME="}));
  EXPECT_EQ(sample->items, std::vector<std::string>{"NAME="});
}

TEST_F(CommandLineTest, RefusesWhatIsMissingMalformedOrTooMuch) {
  EXPECT_NE(error_of({"sample"}).find("FILE is missing"), std::string::npos);
  EXPECT_NE(error_of({"sample", "a", "--number", "many"}).find("pegbox sample --help"), std::string::npos);
  EXPECT_NE(error_of({"sample", "a", "b"}).find("too many"), std::string::npos);
  EXPECT_NE(error_of({"sample", "a", "--json"}).find("no such option"), std::string::npos);
}

TEST_F(CommandLineTest, AnswersHelpAndVersionWithText) {
  EXPECT_NE(parse({})->text.find("Usage"), std::string::npos);
  EXPECT_NE(parse({"--help"})->text.find("sample"), std::string::npos);
  EXPECT_EQ(parse({"--version"})->text, "pegbox " PEGBOX_VERSION "\n");
  const auto help = parse({"sample", "--help"});
  ASSERT_TRUE(help);
  EXPECT_EQ(help->command, nullptr);
  for (const char* part : {"FILE", "--flag", "-n, --number N", "small, large", "--store", "Example"})
    EXPECT_NE(help->text.find(part), std::string::npos) << part << "\n" << help->text;
}

TEST(Commands, AllHaveASummaryADescriptionAndAnExample) {
  std::set<std::string> names;
  for (const auto& command : make_commands()) {
    const CommandText text = command->text();
    EXPECT_TRUE(names.insert(text.name).second) << text.name;
    EXPECT_FALSE(text.summary.empty()) << text.name;
    EXPECT_FALSE(text.description.empty()) << text.name;
    EXPECT_NE(text.example.find("pegbox " + text.name), std::string::npos) << text.name;
  }
}

TEST(Commands, AllOptionsHaveHelpAndAreNamedOnce) {
  for (const auto& command : make_commands()) {
    std::set<std::string> flags;
    for (const Option& option : options_for_display(*command)) {
      EXPECT_FALSE(option.help.empty()) << command->text().name << " " << option.names;
      EXPECT_EQ(option.value.empty(), !option.takes_value()) << command->text().name << " " << option.names;
      for (const std::string& flag : option.flags()) EXPECT_TRUE(flags.insert(flag).second) << flag;
    }
  }
}

TEST(Commands, HelpFitsATerminal) {
  for (const auto& command : make_commands()) {
    const std::string help = command_help(*command);
    for (std::size_t start = 0; start < help.size();) {
      const std::size_t end = help.find('\n', start);
      EXPECT_LE(end - start, 104u) << help.substr(start, end - start);
      start = end + 1;
    }
  }
}

TEST(Commands, CompletionsKnowEveryCommandAndFlag) {
  const auto commands = make_commands();
  for (const std::string& script : {bash_completions(commands), zsh_completions(commands), fish_completions(commands)})
    for (const auto& command : commands) {
      EXPECT_NE(script.find(command->text().name), std::string::npos) << command->text().name;
      for (const Option& option : options_for_display(*command))
        for (const std::string& flag : option.flags()) {
          const std::string bare = flag.substr(flag.find_first_not_of('-'));
          EXPECT_NE(script.find(bare), std::string::npos) << command->text().name << " " << flag;
        }
    }
}

}  // namespace
}  // namespace pegbox
