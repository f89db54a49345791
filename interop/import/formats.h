#pragma once

#include <string>
#include <vector>

#include "interop/import/import.h"
#include "interop/import/settings.h"

namespace orrery::interop {

// What a reader of one format leaves for the common part: see complete().
struct Imported {
  Draft draft;
  std::int64_t gpus = 0;             // that the file starts; 0: it does not say
  std::string gpus_why;              // where it says so, when that is an assumption
  std::string gpu;                   // a word of the file about the hardware: "H100"; empty: none
  std::int64_t batch_sequences = 0;  // sequences a step of one replica, where only that is told
};

// One file a format. A reader sets what the text says and assumes the framework's
// own defaults; sizes that nobody said are left to complete().
Result<Imported> import_hf(const std::vector<ForeignText>& texts);
Result<Imported> import_megatron(const std::vector<ForeignText>& texts);
Result<Imported> import_deepspeed(const std::vector<ForeignText>& texts, const ImportOptions& options);
Result<Imported> import_torchtitan(const std::vector<ForeignText>& texts, const SearchPath& presets);
Result<Imported> import_nemo(const std::vector<ForeignText>& texts);
Result<Imported> import_nccl_xml(const std::vector<ForeignText>& texts, const ImportOptions& options,
                                 const SearchPath& presets);
// The traces of all ranks, or one that stands for all.
Result<Imported> import_chakra(const std::vector<ForeignText>& texts, const ImportOptions& options,
                               const SearchPath& presets);

// A Hugging Face config.json as the draft's model.
Errors set_hf_model(const Node& config, const std::string& file, Draft& draft);

// The text behind the first that is a config.json, where there is one: the model of
// formats that hold none.
Errors set_model_beside(const std::vector<ForeignText>& texts, Draft& draft);

// GPUs of a node of at most eight, so that nodes are full.
std::int64_t node_of(std::int64_t gpus);

// What a vocabulary probably has, by the name of a tokenizer; 0 where nobody knows.
std::int64_t vocabulary_of(std::string_view tokenizer);

// Cluster, sizes of the batch and whatever else a scenario cannot do without.
Errors complete(Imported& imported, const ImportOptions& options);

}  // namespace orrery::interop
