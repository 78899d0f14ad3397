// Tests of WordNet: a database of a few words in the files' format, and Princeton's where it is installed.
#include "text/word_net.h"

#include <gmock/gmock.h>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

using test::expect_error;
using test::Files;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kLicence = "  1 This software and database is being provided to you\n";

/// Files of nouns and adjectives whose offsets are those of the lines; of verbs and adverbs there are none.
class SmallWordNet : public Files {
 public:
  SmallWordNet() {
    std::string nouns(kLicence), adjectives(kLicence);
    const auto dog = add(nouns, "05 n 02 dog 0 domestic_dog 0 000 | a pet");
    const auto cad = add(nouns, "18 n 03 cad 0 Dog 1 bounder 0 001 @ 00000000 n 0000 | a man");
    const auto alive = add(adjectives, "00 s 02 live(a) 0 alive(p) 0 000 | living");
    write("data.noun", nouns);
    write("data.adj", adjectives);
    write("index.noun", std::string(kLicence) + "cad n 1 0 1 0 " + cad + "  \n" + "dog n 2 1 @ 2 1 " + dog + " " + cad +
                            "  \ndomestic_dog n 1 1 @ 1 0 " + dog + "  \n");
    write("index.adj", std::string(kLicence) + "alive a 1 0 1 0 " + alive + "  \nlive a 1 0 1 0 " + alive + "  \n");
    for (const char* name : {"data.verb", "index.verb", "data.adv", "index.adv"}) write(name, kLicence);
  }

 private:
  static std::string add(std::string& data, const std::string& line) {
    std::string offset = std::to_string(data.size());
    offset.insert(0, 8 - offset.size(), '0');
    data += offset + " " + line + "  \n";
    return offset;
  }
};

TEST(WordNet, GivesTheWordsOfAllSetsThatAWordIsIn) {
  const SmallWordNet files;
  const auto net = WordNet::open(files.folder());
  ASSERT_OK(net);
  EXPECT_THAT(net->synonyms("dog"), ElementsAre("bounder", "cad", "domestic dog"));
  EXPECT_THAT(net->synonyms("DOG"), ElementsAre("bounder", "cad", "domestic dog"));
  EXPECT_THAT(net->synonyms("domestic dog"), ElementsAre("dog"));
  EXPECT_THAT(net->synonyms("live"), ElementsAre("alive")) << "the marks of an adjective's place are none of the word";
  for (const char* word : {"", "a", "dogs", "do", "zebra", "This", "1"}) EXPECT_THAT(net->synonyms(word), IsEmpty());
}

TEST(WordNet, SaysWhatIsToBeInstalled) {
  const Files files;
  expect_error(WordNet::open(files.folder()), ErrorKind::NotFound, {"wordnet-base", "WNSEARCHDIR", "index.noun"});
}

TEST(WordNet, ReadsPrincetons) {
  const auto net = WordNet::open();
  if (!net) GTEST_SKIP() << net.error().message;
  EXPECT_THAT(net->synonyms("quick"), Contains("speedy"));
  EXPECT_THAT(net->synonyms("automobile"), ElementsAre("auto", "car", "machine", "motorcar"));
  EXPECT_THAT(net->synonyms("'s Gravenhage"), ElementsAre("Den Haag", "The Hague")) << "of the first nouns";
  EXPECT_THAT(net->synonyms("zyrian"), ElementsAre("Komi")) << "the last noun";
  EXPECT_THAT(net->synonyms("zymurgy"), ElementsAre("zymology"));
}

}  // namespace
}  // namespace pegbox::text
