#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/topology/support.h"

namespace orrery::topology {
namespace {

Result<GpuSpec> gpu(const std::string& text) {
  return read_gpu(yaml(text), presets());
}

// A folder with GPU files of its own in front of the shipped ones.
class OwnGpus : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "orrery-gpus-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    std::filesystem::create_directories(root_ + "/hardware/gpus");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(root_ + "/hardware/gpus/" + name + ".yaml") << text;
  }
  Result<GpuSpec> read(const std::string& text) {
    return read_gpu(yaml(text), SearchPath({root_, std::string(ORRERY_SOURCE_DIR) + "/scenarios"}));
  }

 private:
  std::string root_;
};

const std::string kMadeUp =
    "{memory: 80GiB, memory_bandwidth: 3.35TB/s, peak: {bf16: 989TFLOP/s, fp8: 1979TFLOP/s}, sms: 132";

TEST(GpuReader, AGpuWithoutCurvesBorrowsThoseOfItsGeneration) {
  const auto donor = [](const std::string& capability) {
    const Result<GpuSpec> spec = gpu(kMadeUp + capability + "}");
    EXPECT_TRUE(spec.ok()) << told(spec.errors());
    EXPECT_FALSE(spec->fitted);
    return spec->transferred_from;
  };
  EXPECT_EQ(donor(""), "h100-sxm-80gb");
  EXPECT_EQ(donor(", compute_capability: 80"), "a100-sxm-80gb");
  EXPECT_EQ(donor(", compute_capability: 90"), "h100-sxm-80gb");
  EXPECT_EQ(donor(", compute_capability: 103"), "b200-sxm-180gb");
}

TEST(GpuReader, PowerIsKnownOrNot) {
  EXPECT_EQ(gpu(kMadeUp + "}")->power, Watts{});  // not that of the GPU whose curves it borrows
  EXPECT_EQ(gpu(kMadeUp + ", power: 1.2kW}")->power, Watts{1200});
  EXPECT_EQ(gpu("gh200")->power, Watts{700});
  const Result<GpuSpec> bare = gpu(kMadeUp + ", power: 700}");
  ASSERT_FALSE(bare.ok());
  EXPECT_NE(told(bare.errors()).find("'700' has no unit; a power needs one, for example 700 W"), std::string::npos);
  const SearchPath path({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});
  for (const std::string& preset : path.names("hardware/gpus")) EXPECT_GT(gpu(preset)->power, Watts{}) << preset;
}

TEST(GpuReader, FindsAGpuByWhatItsDriverCallsIt) {
  const SearchPath path({std::string(ORRERY_SOURCE_DIR) + "/scenarios"});
  std::map<std::string, std::string> preset_of;
  for (const std::string& preset : path.names("hardware/gpus")) {
    const GpuSpec gpu = read_gpu(parse_document(preset, "test").value(), path).value();
    for (const std::string& name : gpu.driver_names)
      EXPECT_TRUE(preset_of.emplace(name, preset).second) << name << " is also " << preset_of[name];
  }
  for (const auto& [name, preset] : preset_of) EXPECT_EQ(gpu_by_driver_name(name, path)->name, preset);
  EXPECT_EQ(gpu_by_driver_name("NVIDIA H100 80GB HBM3", path)->name, "h100-sxm-80gb");
  EXPECT_FALSE(gpu_by_driver_name("NVIDIA X1", path));
}

TEST(GpuReader, NeedsWhatNoCurveCanReplace) {
  const Result<GpuSpec> spec = gpu("{sms: 132}");
  ASSERT_FALSE(spec.ok());
  for (const char* key : {"'memory'", "'memory_bandwidth'", "'peak'"})
    EXPECT_NE(told(spec.errors()).find(key), std::string::npos) << key;
}

TEST(GpuReader, AGpuNeedsAPeak) {
  EXPECT_FALSE(gpu("{memory: 80GiB, memory_bandwidth: 2TB/s, peak: {}, sms: 1}").ok());
  const Result<GpuSpec> typo = gpu("{memory: 80GiB, memory_bandwidth: 2TB/s, peak: {bf61: 100TFLOP/s}, sms: 1}");
  ASSERT_FALSE(typo.ok());
  EXPECT_NE(told(typo.errors()).find("did you mean 'bf16'?"), std::string::npos);
}

TEST_F(OwnGpus, AFileBesideTheScenarioComesFirst) {
  write("l40s", "{inherits: h100-sxm-80gb, memory: 10GiB}");
  const Result<GpuSpec> spec = read("l40s");
  ASSERT_TRUE(spec.ok()) << told(spec.errors());
  EXPECT_EQ(spec->memory.n, 10ll << 30);
}

// It hides the GPU whose curves it would borrow, and has none itself.
TEST_F(OwnGpus, AGpuIsNeverWithoutCurves) {
  write("h100-sxm-80gb", kMadeUp + "}");
  const Result<GpuSpec> spec = read("h100-sxm-80gb");
  ASSERT_FALSE(spec.ok());
  EXPECT_NE(told(spec.errors()).find("needs 'gemm'"), std::string::npos) << told(spec.errors());
}

TEST_F(OwnGpus, InheritanceIsKeyByKeyAndNullTakesAway) {
  write("child", "{inherits: h100-sxm-80gb, memory: 60GiB, peak: {fp8: null}}");
  const Result<GpuSpec> spec = read("child");
  ASSERT_TRUE(spec.ok()) << told(spec.errors());
  EXPECT_EQ(spec->memory.n, 60ll << 30);
  EXPECT_TRUE(spec->peak.count(Dtype::bf16));
  EXPECT_FALSE(spec->peak.count(Dtype::fp8));
  EXPECT_EQ(spec->gemm.at(Dtype::bf16).compute_efficiency, 0.78);
}

TEST_F(OwnGpus, ACircleIsAnError) {
  write("hen", "{inherits: egg}");
  write("egg", "{inherits: hen}");
  const Result<GpuSpec> spec = read("hen");
  ASSERT_FALSE(spec.ok());
  EXPECT_NE(told(spec.errors()).find("inherit from itself"), std::string::npos) << told(spec.errors());
}

TEST_F(OwnGpus, AFaultNamesTheFileItStandsIn) {
  write("child", "inherits: h100-sxm-80gb\nmemory_bandwith: 3TB/s\n");
  const Result<GpuSpec> spec = read("child");
  ASSERT_FALSE(spec.ok());
  EXPECT_NE(told(spec.errors())
                .find("child.yaml:2:1: unknown key 'memory_bandwith' in 'cluster.gpu'; did you mean "
                      "'memory_bandwidth'?"),
            std::string::npos)
      << told(spec.errors());
}

TEST_F(OwnGpus, CurvesHaveBounds) {
  for (const char* gemm : {"{bf16: {compute_efficiency: 1.2}}", "{bf16: {exponent: 0.5}}", "{bf16: {wave: 2}}",
                           "{bf16: {launch: 3}}", "{bf16: null}"}) {
    write("child", std::string("{inherits: h100-sxm-80gb, gemm: ") + gemm + "}");
    EXPECT_FALSE(read("child").ok()) << gemm;
  }
}

}  // namespace
}  // namespace orrery::topology
