// Tests of what is found in texts, and how much of a labelled set.
#include "text/personal_data.h"

#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

/// "email:ann@example.org" for each span.
std::vector<std::string> found_in(std::string_view text) {
  static const PersonalDataFinder finder;
  std::vector<std::string> found;
  for (const PersonalSpan& span : finder.find(text))
    found.push_back(std::string(name_of(span.kind)) + ":" +
                    std::string(text.substr(span.start, span.end - span.start)));
  return found;
}

using Found = std::vector<std::string>;

TEST(PersonalData, IsFoundByItsFormAndChecksum) {
  EXPECT_EQ(found_in("write to ann.lee+x@mail.example.org."), Found{"email:ann.lee+x@mail.example.org"});
  EXPECT_EQ(found_in("card 4111 1111 1111 1111 or 4111 1111 1111 1112"), Found{"card:4111 1111 1111 1111"});
  EXPECT_EQ(found_in("to GB82 WEST 1234 5698 7654 32, not GB83 WEST 1234 5698 7654 32"),
            Found{"iban:GB82 WEST 1234 5698 7654 32"});
  EXPECT_EQ(found_in("from 192.168.4.20, 2001:db8::ff00:42:8329, not 300.1.1.1 or 12:30:45"),
            (Found{"ip:192.168.4.20", "ip:2001:db8::ff00:42:8329"}));
  EXPECT_EQ(found_in("mac 00:1A:2b:3C:4d:5E"), Found{"mac:00:1A:2b:3C:4d:5E"});
  EXPECT_EQ(found_in("SSN 460-89-9847, not 666-12-3456"), Found{"national_number:460-89-9847"});
  EXPECT_EQ(found_in("DNI 12345678Z, not 12345678A"), Found{"national_number:12345678Z"});
  EXPECT_EQ(found_in("CPF 529.982.247-25, not 529.982.247-26"), Found{"national_number:529.982.247-25"});
  EXPECT_EQ(found_in("call +46 (0)8 928 571 38 or 541-714-1388"),
            (Found{"phone:+46 (0)8 928 571 38", "phone:541-714-1388"}));
  EXPECT_EQ(found_in("password: hunter22!, key AKIAIOSFODNN7EXAMPLE"),
            (Found{"secret:hunter22!", "secret:AKIAIOSFODNN7EXAMPLE"}));
}

TEST(PersonalData, IsFoundWhereOtherNumbersAndWordsStandBesideIt) {
  for (const std::string_view text : {"Card 4111 1111 1111 1111 123", "card 4111 1111 1111 1111 12/26 cvv 123",
                                      "Order 42 4111 1111 1111 1111", "1 2 3 4 5 6 7 8 9 4111 1111 1111 1111"})
    EXPECT_EQ(found_in(text), Found{"card:4111 1111 1111 1111"}) << text;
  EXPECT_EQ(found_in("4111111111111111 12"), Found{"card:4111111111111111"});
  EXPECT_EQ(found_in("IBAN ES91 2100 0418 4502 0005 1332 and then"), Found{"iban:ES91 2100 0418 4502 0005 1332"});
  EXPECT_EQ(found_in("BE68 5390 0754 7034 for me"), Found{"iban:BE68 5390 0754 7034"});
  EXPECT_EQ(found_in("no12 BE68 5390 0754 7034"), Found{"iban:BE68 5390 0754 7034"});
}

TEST(PersonalData, IsFoundInKeysAndPasswordsByTheNamesOfTheirFields) {
  EXPECT_EQ(found_in("DB_PASSWORD=hunter22"), Found{"secret:hunter22"});
  EXPECT_EQ(found_in("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG\nx"), Found{"secret:wJalrXUtnFEMI/K7MDENG"});
  EXPECT_EQ(found_in("export OPENAI_API_KEY=abc123def"), Found{"secret:abc123def"});
  EXPECT_EQ(found_in("user_password: geheim99"), Found{"secret:geheim99"});
  EXPECT_EQ(found_in("MYSQL_PWD=root"), Found{"secret:root"});
  EXPECT_EQ(found_in("password: Tr0ub4dor&3!! or not"), Found{"secret:Tr0ub4dor&3!!"});
  EXPECT_EQ(found_in("{\"password\": \"correct horse, battery\", \"a\": 1}"), Found{"secret:correct horse, battery"});
  EXPECT_EQ(found_in("pwd='it is \\'this\\''"), Found{"secret:it is \\'this\\'"});
  EXPECT_EQ(found_in("password: null"), Found());
  const std::string block =
      "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2 [x]\n\nlQOYBF\n=ab\n-----END PGP PRIVATE KEY "
      "BLOCK-----";
  EXPECT_EQ(found_in("a " + block + " b"), Found{"secret:" + block});
  EXPECT_EQ(found_in("-----BEGIN RSA PRIVATE KEY-----\nMIIE"), Found{"secret:-----BEGIN RSA PRIVATE KEY-----\nMIIE"})
      << "cut off";
}

TEST(PersonalData, IsFoundInMailAddressesOutsideAscii) {
  EXPECT_EQ(found_in("an müller@example.org, bitte"), Found{"email:müller@example.org"});
  EXPECT_EQ(found_in("über@bücher.example"), Found{"email:über@bücher.example"});
  EXPECT_EQ(found_in("请写信给ann@example.org谢谢"), Found{"email:ann@example.org"});
  EXPECT_EQ(found_in("“ann@example.org”—иван@пример.рф"), (Found{"email:ann@example.org", "email:иван@пример.рф"}));
  EXPECT_EQ(found_in("o'neil@example.org"), Found{"email:o'neil@example.org"});
}

TEST(PersonalData, IsFoundByTheWordsAroundIt) {
  EXPECT_EQ(found_in("My name is Ann Lee-Smith and I live at 12 Old Oak Street, Apt 4."),
            (Found{"name:Ann Lee-Smith", "address:12 Old Oak Street, Apt 4"}));
  EXPECT_EQ(found_in("I am J. R. van der Berg. It is late."), Found{"name:J. R. van der Berg"});
  EXPECT_EQ(found_in("Dear Dr. Šárka Ottová, thank you"), Found{"name:Šárka Ottová"});
  EXPECT_EQ(found_in("Hi, I am Ann Lee."), Found{"name:Ann Lee"});
  EXPECT_EQ(found_in("P.O. Box 4413, Puruntie 82"), (Found{"address:P.O. Box 4413", "address:Puruntie 82"}));
}

TEST(PersonalData, IsNotSeenInNumbersAndNamesOfOtherThings) {
  for (const std::string_view text :
       {"on 2026-11-27 at 10:30", "pi is 3.14159265", "version 1.2.3", "a million is 1 000 000", "in 1999-2004",
        "I am happy", "the password is required", "Hi, I am here", "Hello, What is it?", "3 Blind Mice", "10.5 - 20.5",
        "isbn 978-3-16-148410-0", "x = 1234567", "std::vector<int>", "Hello World", "Dear Customer, hi",
        "I am American", "This is Python 3"})
    EXPECT_EQ(found_in(text), Found()) << text;
}

TEST(PersonalData, TakesTimeThatIsLinearInTheText) {
  const std::string text(1'000'000, 'a');
  EXPECT_TRUE(found_in(text + "@").empty());
  EXPECT_TRUE(found_in(std::string(300'000, '1')).empty());
  std::string mails;
  for (int i = 0; i < 30'000; ++i) mails += "a@b.org, ";
  EXPECT_EQ(found_in(mails).size(), 30'000u);
  std::string passwords;  // without white space, as in minified JSON
  for (int i = 0; i < 30'000; ++i) passwords += "password=\"";
  found_in(passwords);
}

/// Of a labelled set: pieces by kind, how many of them were found (a part of each is enough), and false alarms.
struct Tally {
  int pieces = 0, found = 0, alarms = 0;
};

TEST(PersonalData, QualityOnPresidiosLabelledSet) {
  const Path data = test::shared_data();
  SKIP_WITHOUT_SHARED_DATA(data);
  const std::map<std::string, PersonalKind> kinds = {
      {"EMAIL_ADDRESS", PersonalKind::Email},   {"CREDIT_CARD", PersonalKind::Card},
      {"IBAN_CODE", PersonalKind::Iban},        {"IP_ADDRESS", PersonalKind::Ip},
      {"US_SSN", PersonalKind::NationalNumber}, {"PHONE_NUMBER", PersonalKind::Phone},
      {"PERSON", PersonalKind::Name},           {"STREET_ADDRESS", PersonalKind::Address}};
  const PersonalDataFinder finder;
  std::map<PersonalKind, Tally> tallies;
  const Json samples = *parse_json(*read_file(data / "privacy/presidio/synth_dataset_v2.json"), "labelled");
  for (const Json& sample : samples) {
    const std::string text = sample["full_text"].get<std::string>();
    std::vector<std::size_t> offsets;  // of characters, as the labels count
    for (std::size_t i = 0; i <= text.size(); ++i)
      if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) offsets.push_back(i);
    const auto spans = finder.find(text);
    std::vector<bool> is_true(spans.size());
    for (const Json& label : sample["spans"]) {
      const auto kind = kinds.find(label["entity_type"].get<std::string>());
      const std::size_t start = offsets[label["start_position"].get<std::size_t>()],
                        end = offsets[label["end_position"].get<std::size_t>()];
      bool is_found = false;
      for (std::size_t i = 0; i < spans.size(); ++i)
        if (spans[i].start < end && start < spans[i].end) {
          is_true[i] = true;  // personal data of whatever kind
          is_found = true;
        }
      if (kind == kinds.end()) continue;
      ++tallies[kind->second].pieces;
      tallies[kind->second].found += is_found;
    }
    for (std::size_t i = 0; i < spans.size(); ++i)
      if (!is_true[i]) {
        ++tallies[spans[i].kind].alarms;
      }
  }
  for (const auto& [kind, tally] : tallies)
    std::cout << name_of(kind) << ": " << tally.found << " of " << tally.pieces << ", " << tally.alarms
              << " false alarms\n";
  for (const PersonalKind kind :
       {PersonalKind::Email, PersonalKind::Card, PersonalKind::Iban, PersonalKind::Ip, PersonalKind::NationalNumber}) {
    EXPECT_GE(tallies[kind].found, 0.95 * tallies[kind].pieces) << name_of(kind);
    EXPECT_LE(tallies[kind].alarms, 0.05 * tallies[kind].pieces) << name_of(kind);
  }
  EXPECT_GE(tallies[PersonalKind::Phone].found, 0.7 * tallies[PersonalKind::Phone].pieces);
  for (const PersonalKind kind : {PersonalKind::Phone, PersonalKind::Name, PersonalKind::Address})
    EXPECT_LE(tallies[kind].alarms, 0.05 * (tallies[kind].found + tallies[kind].alarms)) << name_of(kind);
}

}  // namespace
}  // namespace pegbox::text
