// Tests of the language of texts.
#include "text/language.h"

#include <gtest/gtest.h>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

TEST(Language, IsToldOfSentences) {
  const std::vector<std::pair<std::string_view, std::string_view>> texts = {
      {"en", "The museum opens at ten in the morning, and children under twelve need no ticket."},
      {"de", "Das Museum \u00F6ffnet um zehn Uhr morgens, und Kinder unter zw\u00F6lf brauchen keine Eintrittskarte."},
      {"fr",
       "Le mus\u00E9e ouvre \u00E0 dix heures du matin, et les enfants de moins de douze ans n'ont pas besoin de "
       "billet."},
      {"ru",
       "\u041C\u0443\u0437\u0435\u0439 \u043E\u0442\u043A\u0440\u044B\u0432\u0430\u0435\u0442\u0441\u044F \u0432 "
       "\u0434\u0435\u0441\u044F\u0442\u044C \u0447\u0430\u0441\u043E\u0432 \u0443\u0442\u0440\u0430."},
      {"ja", "\u535A\u7269\u9928\u306F\u5348\u524D\u5341\u6642\u306B\u958B\u304D\u307E\u3059\u3002"}};
  for (const auto& [language, text] : texts) EXPECT_EQ(language_of(text), language);
}

TEST(Language, IsNotGuessed) {
  for (const char* text : {"", " ", "ok", "3.14 2.71 42", "x += y[i]; }", "\u2192 \u2192"})
    EXPECT_EQ(language_of(text), "") << text;
}

TEST(Language, IsThatOfTheBeginning) {
  std::string text = "\u00E9";  // so that the limit falls into a character
  while (text.size() < 4096) text += "Das Museum \u00F6ffnet um zehn Uhr, und alle Kinder gehen gerne hinein. ";
  EXPECT_EQ(language_of(text), "de");
  for (int i = 0; i < 500; ++i) text += "The museum opens at ten in the morning. ";
  EXPECT_EQ(language_of(text), "de");
}

TEST(Language, HasCodes) {
  for (const char* name : {"de", "DE", "German", "GERMAN"}) {
    const auto code = language_code(name, "");
    ASSERT_OK(code);
    EXPECT_EQ(*code, "de");
  }
  test::expect_error(language_code("klingonese", "--language"), ErrorKind::InvalidInput, {"--language", "klingonese"});
}

}  // namespace
}  // namespace pegbox::text
