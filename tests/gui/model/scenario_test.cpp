// A scenario as a form, and what a change of it changed.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "gui/model/result/changes.h"
#include "gui/model/scenario/form.h"
#include "models/scenario/keys/keys.h"

namespace orrery::gui {
namespace {

std::string edited(const std::string& name) {
  return std::string(ORRERY_SOURCE_DIR) + "/scenarios/" + name;
}

ScenarioForm llama() {
  auto form = ScenarioForm::read(edited("llama-3.1-70b-64-h100.yaml"));
  EXPECT_TRUE(form);
  return std::move(*form);
}

std::string value(const ScenarioForm& form, const std::string& path) {
  return form.value(form.find(path).value());
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Every key that can be written is a field, each once: the form comes from the reader's table.
TEST(ScenarioForm, HasEveryKeyOfTheReader) {
  const ScenarioForm form = llama();
  std::size_t keys = 0;
  for (const models::Key& key : models::all_keys()) {
    if (key.shape == models::Shape::section || key.supported == "none") continue;
    ++keys;
    const auto field = form.find(std::string(key.path));
    ASSERT_TRUE(field) << key.path;
    EXPECT_EQ(form.fields()[*field].doc, key.doc);
  }
  EXPECT_EQ(form.fields().size(), keys);
}

TEST(ScenarioForm, SaysWhatTheFileSays) {
  const ScenarioForm form = llama();
  EXPECT_EQ(value(form, "model.preset"), "llama-3.1-70b") << "a name that stands for a mapping";
  EXPECT_EQ(value(form, "cluster.nodes"), "8");
  EXPECT_EQ(value(form, "layout.cp"), "");
  EXPECT_TRUE(form.changes().empty());
  EXPECT_TRUE(form.check().empty());
}

TEST(ScenarioForm, CompletesPresetsAndChoices) {
  const ScenarioForm form = llama();
  const auto of = [&](const char* path) { return form.fields()[form.find(path).value()].completions; };
  EXPECT_TRUE(contains(of("model.preset"), "llama-3.1-8b"));
  EXPECT_TRUE(contains(of("cluster.preset"), "dgx-h100"));
  EXPECT_TRUE(contains(of("software"), "megatron-core-2025"));
  EXPECT_TRUE(contains(of("training.precision"), "fp8"));
  EXPECT_TRUE(contains(of("layout.sequence_parallel"), "true"));
}

TEST(ScenarioForm, AChangeIsWhatSetWouldSayAndCanBeTakenBack) {
  ScenarioForm form = llama();
  const std::size_t batch = form.find("training.global_batch").value();
  form.set(batch, "256");
  ASSERT_EQ(form.changes().size(), 1u);
  EXPECT_EQ(form.changes()[0].path, "training.global_batch");
  EXPECT_EQ(form.changes()[0].value, "256");
  EXPECT_TRUE(form.check().empty());
  form.set(batch, "128");
  EXPECT_TRUE(form.changes().empty()) << "as it is written";
  form.set(batch, "256");
  form.set(batch, "");
  EXPECT_EQ(value(form, "training.global_batch"), "128");
}

// Each fault at the field that it speaks of: a changed one by its path, one of the file
// that a change made wrong by its place.
TEST(ScenarioForm, FaultsStandAtTheirFields) {
  ScenarioForm form = llama();
  const auto at = [&](const std::string& path) {
    for (const ScenarioForm::Fault& fault : form.check())
      if (fault.field == form.find(path)) return fault.what;
    return std::string();
  };
  form.set(form.find("training.precision").value(), "bg16");
  form.set(form.find("layout.tp").value(), "16");
  EXPECT_NE(at("training.precision").find("did you mean 'bf16'"), std::string::npos);
  EXPECT_NE(at("layout.dp").find("64 GPUs"), std::string::npos) << "the file's dp does not fit to tp 16";
  form.undo_all();
  form.set(form.find("training.micro_batch").value(), "3");
  EXPECT_NE(at("training.global_batch").find("126 and 132"), std::string::npos);
  form.undo_all();
  EXPECT_TRUE(form.check().empty());
}

TEST(ScenarioForm, WhatIsMissingStandsAtItsField) {
  const auto path = std::filesystem::temp_directory_path() / "orrery-gui-form-test.yaml";
  std::ofstream(path) << "model: llama-3.1-8b\ncluster: {preset: dgx-h100, nodes: 1}\ntraining: {global_batch: 8}\n";
  const auto form = ScenarioForm::read(path.string(), {{"published.0.value", "1"}});
  std::filesystem::remove(path);
  ASSERT_TRUE(form);
  bool told = false;
  for (const ScenarioForm::Fault& fault : form->check()) told |= fault.field == form->find("training.sequence_length");
  EXPECT_TRUE(told);
  EXPECT_EQ(form->changes().size(), 1u) << "what is no key of the table is kept";
}

TEST(Changes, TellWhichIsBetter) {
  ResultPage before, now;
  before.figures = {
      {"Step", 2, Unit::seconds, true, ""}, {"MFU", 0.4, Unit::share, false, ""}, {"Old", 1, Unit::count, false, ""}};
  now.figures = {
      {"Step", 1, Unit::seconds, true, ""}, {"MFU", 0.35, Unit::share, false, ""}, {"New", 1, Unit::count, false, ""}};
  before.time = {"", Unit::seconds, {{"compute", {}}, {"bubble", {}}}, {{"step", {1.5, 0.5}}}, {}, ""};
  now.time = {"", Unit::seconds, {{"compute", {}}, {"exposed TP", {}}}, {{"step", {1.5, 0.2}}}, {}, ""};
  const std::vector<Change> changes = changes_of(before, now);
  ASSERT_EQ(changes.size(), 5u);
  EXPECT_EQ(changes[0].by, "-50.0 %");
  EXPECT_EQ(changes[0].is, Change::Is::unsaid) << "perhaps less is done in it";
  EXPECT_EQ(changes[1].by, "-5.0 points");
  EXPECT_EQ(changes[1].is, Change::Is::worse);
  EXPECT_EQ(changes[2].is, Change::Is::unsaid);
  EXPECT_EQ(changes[3].by, "new");
  EXPECT_EQ(changes[4].by, "-100.0 %") << "the bubble is gone";
}

}  // namespace
}  // namespace orrery::gui
