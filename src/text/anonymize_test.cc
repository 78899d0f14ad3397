// Tests of the methods: form, consistency, and that nothing passes unseen.
#include "text/anonymize.h"

#include <gtest/gtest.h>

#include <iterator>

#include "base/sha256.h"
#include "text/surrogate.h"
#include "text/test_support.h"

namespace pegbox::text {
namespace {

constexpr char kSecret[] = "a secret of more than 16 bytes";

std::string applied(AnonymizeMethod method, std::string_view text, const std::string& secret = kSecret) {
  const auto anonymizer = Anonymizer::create(method, secret);
  EXPECT_TRUE(anonymizer) << anonymizer.error().message;
  PersonalCounts counts{};
  return anonymizer->apply(text, counts);
}

TEST(Anonymize, ReplacesMasksAndHashes) {
  constexpr std::string_view kText = "Mail ann@example.org, card 4111-1111-1111-1111!";
  EXPECT_EQ(applied(AnonymizeMethod::Replace, kText, ""), "Mail [EMAIL], card [CARD]!");
  EXPECT_EQ(applied(AnonymizeMethod::Mask, kText, ""), "Mail ***@*******.***, card ****-****-****-****!");
  EXPECT_EQ(applied(AnonymizeMethod::Hash, "ann@example.org"),
            "[EMAIL:" + hmac_sha256(kSecret, "ann@example.org").substr(0, 12) + "]");
  test::expect_error(Anonymizer::create(AnonymizeMethod::Hash, "short"), ErrorKind::InvalidInput,
                     {"--secret-file", "5 bytes"});
  test::expect_error(Anonymizer::create(AnonymizeMethod::Surrogate, ""), ErrorKind::InvalidInput, {"--secret-file"});
}

TEST(Anonymize, GivesTheSameSurrogateForTheSameValueAndAnotherForAnotherSecret) {
  const auto of = [](PersonalKind kind, std::string_view value, std::string_view secret = kSecret) {
    return surrogate_of(kind, value, secret);
  };
  EXPECT_EQ(of(PersonalKind::Email, "a@b.org"), of(PersonalKind::Email, "a@b.org"));
  EXPECT_NE(of(PersonalKind::Email, "a@b.org"), of(PersonalKind::Email, "c@b.org"));
  EXPECT_NE(of(PersonalKind::Email, "a@b.org"), of(PersonalKind::Email, "a@b.org", "another secret, long enough"));
  const std::string full = of(PersonalKind::Name, "Ann Lee");
  EXPECT_TRUE(full.ends_with(" " + of(PersonalKind::Name, "Lee"))) << "the surname alone is still the same person's";
}

TEST(Anonymize, MakesSurrogatesThatHaveTheFormOfWhatTheyStandFor) {
  const std::string card = surrogate_of(PersonalKind::Card, "4111 1111 1111 1111", kSecret);
  EXPECT_EQ(card.size(), 19u);
  EXPECT_EQ(card[0], '9');
  EXPECT_TRUE(has_luhn_digit(card));
  const std::string iban = surrogate_of(PersonalKind::Iban, "GB82 WEST 1234 5698 7654 32", kSecret);
  EXPECT_TRUE(iban.starts_with("GB"));
  EXPECT_TRUE(is_iban(iban)) << iban;
  EXPECT_TRUE(surrogate_of(PersonalKind::Ip, "8.8.8.8", kSecret).starts_with("10."));
  EXPECT_TRUE(surrogate_of(PersonalKind::Mac, "00-1A-2b-3C-4d-5E", kSecret).starts_with("02-"));
  EXPECT_EQ(surrogate_of(PersonalKind::Phone, "+46 8 928", kSecret).find(' '), 3u);
}

TEST(Anonymize, WritesNewRowsAndLeavesTheOthersAsTheyStood) {
  const test::Files files;
  const Path data =
      files.write("in.jsonl",
                  "{\"messages\": [{\"role\": \"user\", \"content\": \"I am Ann Lee, ann@example.org\"}], \"id\": "
                  "12345678901234567890123, \"p\": 1.10}\n"
                  "{ \"text\":  \"nothing here\" }\n");
  const auto anonymizer = Anonymizer::create(AnonymizeMethod::Replace, "");
  ASSERT_OK(anonymizer);
  const Path output = files.folder() / "out.jsonl";
  const auto report = anonymize_data({"data", {data}}, output, *anonymizer, 2);
  ASSERT_OK(report);
  EXPECT_EQ(*read_file(output),
            "{\"messages\": [{\"role\": \"user\", \"content\": \"I am [NAME], [EMAIL]\"}], \"id\": "
            "12345678901234567890123, \"p\": 1.10}\n{ \"text\":  "
            "\"nothing here\" }\n");
  EXPECT_EQ(report->changed_rows, 1);
  EXPECT_EQ(to_json(*report)["found"], (Json{{"name", 1}, {"email", 1}}));
  EXPECT_EQ(report->sha256, *sha256_of_file(output));
}

TEST(Anonymize, ReplacesTheFieldsThatAreCalledAsPasswordsAre) {
  const auto anonymizer = Anonymizer::create(AnonymizeMethod::Replace, "");
  ASSERT_OK(anonymizer);
  PersonalCounts counts{};
  EXPECT_EQ(
      anonymizer->apply_json(
          R"({"user": "x", "password" : "a \"b\\", "list":[{"API_KEY":"k","text":"t","password":["a"]}]})", counts),
      R"({"user": "x", "password" : "[SECRET]", "list":[{"API_KEY":"[SECRET]","text":"t","password":["a"]}]})");
  EXPECT_EQ(counts[static_cast<std::size_t>(PersonalKind::Secret)], 2);
}

TEST(Anonymize, ReplacesOnlyTheKindsThatAreAskedFor) {
  const auto kinds = personal_kinds_of(std::vector<std::string>{"email", "card"});
  ASSERT_OK(kinds);
  const auto anonymizer = Anonymizer::create(AnonymizeMethod::Replace, "", *kinds);
  ASSERT_OK(anonymizer);
  PersonalCounts counts{};
  EXPECT_EQ(anonymizer->apply("I am Ann Lee, ann@example.org", counts), "I am Ann Lee, [EMAIL]");
  EXPECT_EQ(anonymizer->apply_json(R"({"password":"x"})", counts), R"({"password":"x"})");
  test::expect_error(personal_kinds_of(std::vector<std::string>{"mail"}), ErrorKind::InvalidInput,
                     {"--kinds", "mail", "national_number"});
}

TEST(Anonymize, EndsAtAnInterruptAndLeavesNothing) {
  const test::Files files;
  const Path data = files.write("in.jsonl", "{\"text\": \"a\"}\n");
  const auto anonymizer = Anonymizer::create(AnonymizeMethod::Replace, "");
  ASSERT_OK(anonymizer);
  const std::atomic<bool> interrupted = true;
  test::expect_error(anonymize_data({"data", {data}}, files.folder() / "out.jsonl", *anonymizer, 1, &interrupted),
                     ErrorKind::Interrupted, {"interrupted"});
  const auto left = std::filesystem::directory_iterator(files.folder());
  EXPECT_EQ(std::distance(begin(left), end(left)), 1);
}

TEST(Anonymize, LetsNothingPassThatItCannotRead) {
  const test::Files files;
  const auto anonymizer = Anonymizer::create(AnonymizeMethod::Replace, "");
  ASSERT_OK(anonymizer);
  for (const std::string_view bad : {"{broken\n", "{\"text\": \"caf\xE9\"}\n", "[\"a\"]\n7\n"}) {
    const Path data = files.write("bad.jsonl", bad);
    test::expect_error(anonymize_data({"data", {data}}, files.folder() / "out.jsonl", *anonymizer, 1),
                       ErrorKind::InvalidInput, {"bad.jsonl"});
    const auto left = std::filesystem::directory_iterator(files.folder());
    EXPECT_EQ(std::distance(begin(left), end(left)), 1) << "the data alone, and no part of what was to be written";
  }
}

TEST(Anonymize, WritesNothingIntoTheFolderThatItReadsAndTouchesNoOtherFile) {
  const test::Files files;
  files.write("data/in.jsonl", "{\"text\": \"ann@example.org\"}\n");
  files.write("safe.jsonl.unfinished", "mine");
  const auto anonymizer = Anonymizer::create(AnonymizeMethod::Replace, "");
  ASSERT_OK(anonymizer);
  const DataPart data{"data", {files.folder() / "data"}};
  std::filesystem::create_directory_symlink(files.folder() / "data", files.folder() / "link");
  for (const Path inside : {"data/safe.jsonl", "data/new/safe.jsonl", "link/safe.jsonl"})
    test::expect_error(anonymize_data(data, files.folder() / inside, *anonymizer, 1), ErrorKind::InvalidInput,
                       {"safe.jsonl", "among the data that are read"});
  ASSERT_OK(anonymize_data(data, files.folder() / "safe.jsonl", *anonymizer, 1));
  EXPECT_EQ(*read_file(files.folder() / "safe.jsonl"), "{\"text\": \"[EMAIL]\"}\n");
  EXPECT_EQ(*read_file(files.folder() / "safe.jsonl.unfinished"), "mine");
}

}  // namespace
}  // namespace pegbox::text
