#include "sweep/expression.h"

#include <gtest/gtest.h>

namespace orrery::sweep {
namespace {

std::optional<Value> names(std::string_view name) {
  if (name == "tp") return 4.0;
  if (name == "layout.pp") return 8.0;
  if (name == "fits") return true;
  if (name == "schedule") return std::string("1f1b");
  return std::nullopt;
}

Result<Value> value(const std::string& text) {
  const Result<Expression> parsed = Expression::parse(text, {"sweep.yaml", 3, 7});
  if (!parsed) return parsed.errors();
  return parsed->evaluate(names);
}

TEST(Expression, ComesToWhatArithmeticSays) {
  const std::pair<const char*, Value> all[] = {
      {"1 + 2 * 3", 7.0},
      {"(1 + 2) * 3", 9.0},
      {"-2 - -3", 1.0},
      {"7 % 4 * 2", 6.0},
      {"8 / 2 / 2", 2.0},
      {"1 - 1 - 1", -1.0},
      {"tp * layout.pp == 32", true},
      {"tp*layout.pp<=31", false},
      {"not fits or tp != 4", false},
      {"!(tp > 4) && fits", true},
      {"fits and not tp == 3", true},
      {"true or 1 / 0 == 1", true},  // what decides already is all that is asked
      {"false && nothing", false},
      {"schedule == '1f1b'", true},
      {"schedule != \"gpipe\"", true},
      {"'a' < 'b'", true},
      {"4k", 4000.0},
      {"80GiB == 80 * 1024 * 1Mi * 1", true},
      {"1.5e3 + 1e-3 * 1000", 1501.0},
      {"20ms < 1s", true},
  };
  for (const auto& [text, expected] : all) {
    const Result<Value> found = value(text);
    ASSERT_TRUE(found.ok()) << text << ": " << to_string(found.errors().front());
    EXPECT_EQ(*found, expected) << text;
  }
}

TEST(Expression, NamesWhatItAsksFor) {
  const auto parsed = Expression::parse("tp * layout.pp == gpus and fits and tp > 1", {});
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->names(), (std::vector<std::string>{"tp", "layout.pp", "gpus", "fits"}));
}

TEST(Expression, SaysWhatIsWrongWithIt) {
  const std::pair<const char*, const char*> all[] = {
      {"tp = 4", "has a single '='"},
      {"tp * ", "ends where a value is due"},
      {"(tp", "lacks a ')'"},
      {"tp 4", "is not understood from '4' on"},
      {"'open", "has a text without its closing quote"},
      {"12xyz", "has '12xyz', which is no number"},
      {"tp and fits", "has 4 where true or false is due"},
      {"fits + 1", "has true where a number is due"},
      {"schedule < 3", "compares '1f1b' with 3"},
      {"fits < true", "which of true and false is larger"},
      {"tp / (tp - 4)", "divides by zero"},
      {"andy == 1", "has the name 'andy'"},
      {"tp == #", "has '#' where a value is due"},
  };
  for (const auto& [text, expected] : all) {
    const Result<Value> found = value(text);
    ASSERT_FALSE(found.ok()) << text;
    EXPECT_NE(found.errors().front().what.find(expected), std::string::npos) << found.errors().front().what;
    EXPECT_EQ(found.errors().front().where.line, 3) << text;
  }
}

TEST(Expression, TakesNoMoreStackThanItShould) {
  EXPECT_FALSE(Expression::parse(std::string(2000, '('), {}).ok());
  EXPECT_FALSE(Expression::parse(std::string(2000, '-') + "1", {}).ok());
  EXPECT_FALSE(Expression::parse(std::string(1'000'000, '1'), {}).ok());
  std::string not_not;
  for (int i = 0; i < 500; ++i) not_not += "not ";
  EXPECT_FALSE(Expression::parse(not_not + "true", {}).ok());
}

}  // namespace
}  // namespace orrery::sweep
