#include <gtest/gtest.h>

#include "interop/import/bash/arithmetic.h"
#include "interop/import/bash/script.h"
#include "interop/import/interpolation.h"

namespace orrery::interop {
namespace {

std::optional<std::int64_t> value(const std::string& text) {
  return integer_expression(text, [](const std::string& name) { return name == "A" ? "6" : "?"; });
}

TEST(Arithmetic, IsThatOfBash) {
  EXPECT_EQ(value("2 + 3 * 4"), 14);
  EXPECT_EQ(value("(2 + 3) * -4"), -20);
  EXPECT_EQ(value("A / 4 * 4 + A % 4"), 6);
  EXPECT_EQ(value("1 / 0"), std::nullopt);
  EXPECT_EQ(value("9223372036854775807 + 1"), std::nullopt);
  EXPECT_EQ(value("B"), std::nullopt);
  EXPECT_EQ(value("1 2"), std::nullopt);
  EXPECT_EQ(value(std::string(100'000, '(')), std::nullopt);
}

BashScript script(const std::string& text) {
  BashScript bash;
  const Errors errors = bash.read(text, "s.sh");
  EXPECT_TRUE(errors.empty()) << (errors.empty() ? "" : to_string(errors[0]));
  return bash;
}

std::string words(const BashScript& bash) {
  std::string text;
  for (const ScriptWord& word : bash.arguments()) text += (text.empty() ? "" : "|") + word.text;
  return text;
}

TEST(BashScript, ExpandsWhatItsTextDecides) {
  EXPECT_EQ(script("A=3\nB=${A}4\nC=\"$B ${D:-x} $E\"").variable("C"), "34 x $E");
  EXPECT_EQ(script("N=8\nW=$(($N*4))\nV=$((N + 1))").variable("W"), "32");
  EXPECT_EQ(script("A='$B' # a comment\n").variable("A"), "$B");
  EXPECT_EQ(script("X=${1:-\"none\"}").variable("X"), "none");
  EXPECT_EQ(words(script("A=(\n --num-layers 1 # why\n \"--two 2\"\n)\nA+=(--three)\nrun ${A[@]} \\\n --four")),
            "run|--num-layers|1|--two|2|--three|--four");
}

TEST(BashScript, ConditionsOnTextsChoose) {
  const std::string chain = "if [ $M == \"a\" ]; then\n T=1\nelif [[ \"$M\" == b ]]; then T=2\nelse\n T=3\nfi\n";
  EXPECT_EQ(script("M=a\n" + chain).variable("T"), "1");
  EXPECT_EQ(script("M=b\n" + chain).variable("T"), "2");
  EXPECT_EQ(script("M=c\n" + chain).variable("T"), "3");
  EXPECT_EQ(script("if [ -z ${UNSET} ]; then T=1; fi").variable("T"), "1");
  EXPECT_EQ(script("A=x\nif [[ $A == y ]] || [[ -n $A ]]; then T=1; fi").variable("T"), "1");
  EXPECT_EQ(script("if [ -f here ]; then T=1; else T=2; fi").variable("T"), "");
}

// Doubling a text twenty times would make a million copies of it.
TEST(BashScript, GrowthIsBounded) {
  std::string text = "A=xxxxxxxxxx\n";
  for (int i = 0; i < 10'000; ++i) text += "A=$A$A\nB" + std::to_string(i) + "=$A\n";
  EXPECT_LE(script(text).variable("A").size(), 1u << 17);
}

std::string interpolated(const std::string& yaml, const std::string& path, const std::string& text) {
  return interpolate(text, path, *parse_document(yaml, "n.yaml"));
}

TEST(Interpolation, ResolvesReferencesAndProducts) {
  const std::string yaml = "{model: {hidden: 12, twice: '${multiply:2, ${.hidden}}'}, loop: '${loop}'}";
  EXPECT_EQ(interpolated(yaml, "model.ffn", "${.hidden}"), "12");
  EXPECT_EQ(interpolated(yaml, "x", "${training.model.twice}"), "24");
  EXPECT_EQ(interpolated(yaml, "x", "${divide_ceil:${model.hidden}, 5} and ${env:HOME}"), "3 and ${env:HOME}");
  EXPECT_EQ(interpolated(yaml, "loop", "${loop}"), "${loop}");
}

}  // namespace
}  // namespace orrery::interop
