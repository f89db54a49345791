#include "validate/cuda/driver/marks.h"

#include <nvtx3/nvToolsExt.h>

#include <string>

namespace orrery::validate::cuda {

Marks::Marks() : domain_(nvtxDomainCreateA("sim")) {}

Marks::~Marks() {
  nvtxDomainDestroy(domain_);
}

nvtxStringRegistration_st* Marks::name_of(RankId rank) {
  const auto [at, is_new] = names_.try_emplace(rank, nullptr);
  if (is_new) at->second = nvtxDomainRegisterStringA(domain_, ("rank " + std::to_string(rank.value)).c_str());
  return at->second;
}

void Marks::begin(const Place& place) {
  nvtxEventAttributes_t attributes{};
  attributes.version = NVTX_VERSION;
  attributes.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  attributes.category = place.step;
  attributes.messageType = NVTX_MESSAGE_TYPE_REGISTERED;
  attributes.message.registered = name_of(place.rank);
  attributes.payloadType = NVTX_PAYLOAD_TYPE_UNSIGNED_INT64;
  attributes.payload.ullValue = std::uint64_t{place.stream} << 32 | place.op;
  nvtxDomainRangePushEx(domain_, &attributes);
}

void Marks::end() {
  nvtxDomainRangePop(domain_);
}

}  // namespace orrery::validate::cuda
