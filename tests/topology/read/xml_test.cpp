#include "topology/read/nccl/xml.h"

#include "tests/topology/support.h"

namespace orrery::topology {
namespace {

std::string faults_of(const std::string& text, const XmlLimits& limits = {}) {
  const Result<XmlElement> root = parse_xml(text, "t.xml", limits);
  return root ? "" : told(root.errors());
}

TEST(Xml, ElementsAndAttributesRememberTheirPlaces) {
  const Result<XmlElement> root = parse_xml("<!-- a comment -->\n<a>\n  <b one=\"1\" two='&lt;2'/>\n</a>\n", "t.xml");
  ASSERT_TRUE(root.ok());
  ASSERT_EQ(root->children.size(), 1u);
  const XmlElement& b = root->children[0];
  EXPECT_EQ(b.where, (Where{"t.xml", 3, 4}));
  EXPECT_EQ(b.attribute("two")->text, "<2");
  EXPECT_EQ(b.attribute("two")->where, (Where{"t.xml", 3, 14}));
}

TEST(Xml, NoEntityIsEverExpanded) {
  const std::string bomb =
      "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]>\n"
      "<l x=\"&c;\"/>";
  EXPECT_EQ(faults_of(bomb), "t.xml: has a DOCTYPE, which is not read: remove it\n");
  EXPECT_EQ(parse_xml("<l x=\"&c;\"/>", "t.xml")->attribute("x")->text, "&c;");
}

TEST(Xml, DepthAndNumbersAreBounded) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  for (int i = 0; i < 100'000; ++i) deep += "</a>";
  EXPECT_NE(faults_of(deep).find("deep"), std::string::npos);
  std::string wide = "<a>";
  for (int i = 0; i < 100; ++i) wide += "<b/>";
  XmlLimits limits;
  limits.max_elements = 50;
  EXPECT_EQ(faults_of(wide + "</a>", limits), "t.xml:1:201: more than 50 elements\n");
  limits.max_bytes = 10;
  EXPECT_NE(faults_of(wide, limits).find("larger"), std::string::npos);
  std::string attributes = "<a";
  for (int i = 0; i < 100; ++i) attributes += " x" + std::to_string(i) + "=''";
  EXPECT_NE(faults_of(attributes + "/>").find("more than 64 attributes"), std::string::npos);
}

TEST(Xml, WhatIsWrongIsToldWithItsPlace) {
  EXPECT_EQ(faults_of("<a>\n  <b>\n</a>"), "t.xml:3:3: not XML: Start-end tags mismatch\n");
  EXPECT_EQ(faults_of("<a x='1' x='2'/>"), "t.xml:1:10: attribute 'x' is given twice\n");
  EXPECT_EQ(faults_of("<a/>\n<b/>"), "t.xml:2:2: a second root element <b>\n");
  EXPECT_EQ(faults_of("<a>text</a>"), "t.xml:1:2: text inside <a>, which holds only elements\n");
  EXPECT_EQ(faults_of(""), "t.xml:1:1: not XML: No document element found\n");
  EXPECT_NE(faults_of(std::string("<a\0/>", 5)).find("control character"), std::string::npos);
}

}  // namespace
}  // namespace orrery::topology
