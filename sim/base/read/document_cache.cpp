// Files that are read once while a DocumentCache lives.
#include <atomic>
#include <map>
#include <mutex>

#include "sim/base/read/document.h"
#include "sim/base/text.h"

namespace orrery {
namespace {

// What DocumentCache keeps; null while there is none.
struct Kept {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const Result<Node>>> documents;
  std::map<std::string, std::shared_ptr<const void>> made;
};
std::atomic<Kept*> kept{nullptr};

Result<Node> read_anew(const std::string& path, const DocumentLimits& limits) {
  const Result<std::string> text = read_text_file(path, limits.max_bytes);
  if (!text) return text.errors();
  return parse_document(*text, path, limits);
}

}  // namespace

Result<Node> read_document(const std::string& path, const DocumentLimits& limits) {
  Kept* const cache = kept.load();
  if (cache == nullptr) return read_anew(path, limits);
  std::shared_ptr<const Result<Node>> document;
  {
    const std::lock_guard lock(cache->mutex);
    std::shared_ptr<const Result<Node>>& known = cache->documents[path];
    if (!known) known = std::make_shared<const Result<Node>>(read_anew(path, limits));
    document = known;
  }
  return *document;
}

std::shared_ptr<const void> DocumentCache::recall(const std::string& key) {
  Kept* const cache = kept.load();
  if (cache == nullptr) return nullptr;
  const std::lock_guard lock(cache->mutex);
  const auto known = cache->made.find(key);
  return known == cache->made.end() ? nullptr : known->second;
}

void DocumentCache::remember(const std::string& key, std::shared_ptr<const void> made) {
  Kept* const cache = kept.load();
  if (cache == nullptr) return;
  const std::lock_guard lock(cache->mutex);
  cache->made.emplace(key, std::move(made));
}

DocumentCache::DocumentCache() {
  kept = new Kept;
}
DocumentCache::~DocumentCache() {
  delete kept.exchange(nullptr);
}

}  // namespace orrery
