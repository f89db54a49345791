#include "sim/base/read/document.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace orrery {
namespace {

std::string complaint(const Result<Node>& result) {
  if (result) return "no complaint";
  std::string all;
  for (const Error& error : result.errors()) all += to_string(error) + "\n";
  return all;
}

bool complains(std::string_view text, std::string_view part) {
  const std::string said = complaint(parse_document(text, "f"));
  const bool found = said.find(part) != std::string::npos;
  if (!found) ADD_FAILURE() << "expected '" << part << "' in:\n" << said;
  return found;
}

TEST(Document, EveryKeyAndValueKnowsItsPlace) {
  const Result<Node> root = parse_document("a: 1\nb:\n  c: [x, 'y']\n", "f");
  ASSERT_TRUE(root.ok());
  const Node* c = root->find("b")->find("c");
  EXPECT_EQ(root->find("b")->entries[0].key_where, (Where{"f", 3, 3}));
  EXPECT_EQ(c->items[1].where, (Where{"f", 3, 10}));
  EXPECT_FALSE(c->items[0].quoted);
  EXPECT_TRUE(c->items[1].quoted);
  EXPECT_EQ(root->find("nothing"), nullptr);
}

// What needs no parser is read without one.
TEST(Document, AWordIsWhatTheParserMakesOfIt) {
  for (const std::string word : {"1", "2048", "0x10", "1e5", "1.5", "bf16", "zb-h1", "a_b", "true", "no", "nan", "null",
                                 "Null", "NULL", "nullable", "a-", "a.", "1-2", "e"}) {
    const Result<Node> alone = parse_document(word, "f"), parsed = parse_document(word + "\n", "f");
    ASSERT_TRUE(alone && parsed) << word;
    EXPECT_EQ(alone->kind, parsed->kind) << word;
    EXPECT_EQ(alone->text, parsed->text);
    EXPECT_EQ(alone->quoted, parsed->quoted);
    EXPECT_EQ(alone->where, parsed->where);
  }
}

TEST(Document, JsonReadsByTheSamePath) {
  const Result<Node> root = parse_document("{\n\t\"a\":1,\n\t\"b\": [true, null, \"x\\/y\"]\n}", "f");
  ASSERT_TRUE(root.ok()) << complaint(root);
  EXPECT_EQ(root->find("a")->text, "1");
  EXPECT_EQ(root->find("a")->where.line, 2);
  EXPECT_TRUE(root->find("b")->items[1].is_null());
  EXPECT_EQ(root->find("b")->items[2].text, "x/y");
}

// The library keeps the first and says nothing.
TEST(Document, RepeatedKeyNamesBothPlaces) {
  complains("a: 1\nb: 2\na: 3\n", "f:3:1: key 'a' is repeated; it first stands at f:1:1");
  complains("{a: {b: 1, c: 2, b: 3}}", "f:1:18: key 'b' is repeated");
}

TEST(Document, AllRepetitionsAreTold) {
  const Result<Node> root = parse_document("a: 1\na: 2\nb: 1\nb: {a: 1, a: 1}\n", "f");
  ASSERT_FALSE(root.ok());
  EXPECT_EQ(root.errors().size(), 3u) << complaint(root);
}

TEST(Document, TrapsOfTheFormatAreRefused) {
  complains("x: &x {a: 1}\ny:\n  <<: *x\n", "f:3:3: merge keys");
  complains("a: 1\n---\nb: 2\n", "a second document begins here");
  complains("a:\n\tb: 1\n", "tabs are not allowed for indentation");
  complains("a: !!python/object:os.system [x]\n", "tags such as");
  complains("? [1, 2]\n: 3\n", "a key must be plain text");
  complains("a: &a [*a]\n", "an alias to a node that contains it");
  complains("a: *nowhere\n", "f:1:4");
  complains("a: [1, 2\n", "f:");
}

TEST(Document, NothingIsNotADocument) {
  complains("", "f: is empty");
  complains("# only a comment\n", "is empty");
  EXPECT_TRUE(parse_document("a:\n", "f")->find("a")->is_null());
}

TEST(Document, AnAliasIsACopy) {
  const Result<Node> root = parse_document("a: &a {b: 1}\nc: *a\n", "f");
  ASSERT_TRUE(root.ok()) << complaint(root);
  EXPECT_EQ(root->find("c")->find("b")->text, "1");
}

// Nine levels of nine aliases each: 387 million values from 400 bytes.
TEST(Document, AliasBombIsDefused) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string n = std::to_string(i), p = "*a" + std::to_string(i - 1);
    bomb += "a" + n + ": &a" + n + " [";
    for (int k = 0; k < 9; ++k) bomb += (k ? "," : "") + p;
    bomb += "]\n";
  }
  complains(bomb, "more than 200000 values");
}

TEST(Document, DeepNestingIsRefusedBeforeItHurts) {
  complains(std::string(100, '[') + std::string(100, ']'), "nested deeper than 64");
  complains(std::string(100'000, '['), "f:1:1: ");
  complains(std::string(100'000, '{'), "f:1:1: ");
  std::string dashes;
  for (int i = 0; i < 10'000; ++i) dashes += "- ";
  complains(dashes, "nested deeper than 64");
  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < 100; ++i)
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  complains(chain, "nested deeper than 64");
}

TEST(Document, OnlyTextIsRead) {
  EXPECT_TRUE(parse_document("\xEF\xBB\xBF"
                             "a: 1\n",
                             "f")
                  .ok())
      << "a UTF-8 mark at the start is harmless";
  EXPECT_TRUE(parse_document("a: Caf\xC3\xA9\n", "f").ok());
  complains(std::string("\x7F"
                        "ELF\0\0\1",
                        7),
            "binary");
  complains("a: 1\nb: \xFF\xFE\n", "f:2:4: a byte that is not UTF-8");
  complains(
      "\xFF\xFE"
      "a",
      "UTF-16");
  complains("a: \xC0\xAF\n", "not UTF-8");
  complains("a: \xED\xA0\x80\n", "not UTF-8");
  complains(std::string("a: x\0y\n", 7), "f:1:5: a control character");
}

TEST(Document, LargeTextIsRefusedBySize) {
  DocumentLimits small;
  small.max_bytes = 100;
  EXPECT_FALSE(parse_document(std::string(101, '#'), "f", small).ok());
  EXPECT_NE(complaint(parse_document(std::string(101, '#'), "f", small)).find("is larger than"), std::string::npos);
}

class DocumentFile : public testing::Test {
 protected:
  DocumentFile() : folder_(std::filesystem::temp_directory_path() / ("orrery_document_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~DocumentFile() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(DocumentFile, ThatCannotBeOpenedIsAnInputOutputFault) {
  const Result<Node> missing = read_document((folder_ / "none.yaml").string());
  const Result<Node> directory = read_document(folder_.string());
  ASSERT_FALSE(missing.ok());
  ASSERT_FALSE(directory.ok());
  EXPECT_EQ(missing.errors()[0].fault, Fault::io);
  EXPECT_NE(missing.errors()[0].what.find("No such file"), std::string::npos);
  EXPECT_EQ(directory.errors()[0].fault, Fault::io);
  EXPECT_NE(directory.errors()[0].what.find("is a directory"), std::string::npos);
}

// Sparse, so that it takes no room: its size alone must be enough to refuse it.
TEST_F(DocumentFile, OfOneGigabyteIsRefusedWithoutReadingIt) {
  const std::filesystem::path file = folder_ / "big.yaml";
  std::ofstream(file).put('\n');
  std::filesystem::resize_file(file, 1'000'000'000);
  const Result<Node> big = read_document(file.string());
  EXPECT_NE(complaint(big).find("is larger than 16 MiB"), std::string::npos) << complaint(big);
}

TEST_F(DocumentFile, EndlessDeviceIsCutOff) {
  const Result<Node> endless = read_document("/dev/zero");
  EXPECT_FALSE(endless.ok());
}

TEST(DocumentCache, ThingsAreMadeOnceWhileItLives) {
  int made = 0;
  const auto make = [&]() -> Result<int> { return ++made; };
  EXPECT_EQ(*remembered("a", make), 1);
  EXPECT_EQ(*remembered("a", make), 2);
  {
    const DocumentCache cache;
    EXPECT_EQ(*remembered("a", make), 3);
    EXPECT_EQ(*remembered("a", make), 3);
    EXPECT_EQ(*remembered("b", make), 4);
  }
  EXPECT_EQ(*remembered("a", make), 5);
}

// What was wrong may be right the next time.
TEST(DocumentCache, ErrorsAreNotKept) {
  const DocumentCache cache;
  bool wrong = true;
  const auto make = [&]() -> Result<int> {
    if (wrong) return Error{{}, "no"};
    return 1;
  };
  EXPECT_FALSE(remembered("a", make));
  wrong = false;
  EXPECT_TRUE(remembered("a", make));
}

}  // namespace
}  // namespace orrery
