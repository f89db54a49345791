#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "models/memory/start_up.h"
#include "sim/program.h"

namespace orrery::models {

// Programs are the same, op by op and byte by byte.
template <class Lists>
void expect_same_ops(const Lists& lists, const Lists& others) {
  ASSERT_EQ(lists.size(), others.size());
  for (std::size_t i = 0; i < lists.size(); ++i) {
    EXPECT_TRUE(lists[i].ops == others[i].ops) << i;
    EXPECT_TRUE(lists[i].notes == others[i].notes) << i;
  }
}

template <class List>
bool same(const List& list, const List& other) {
  return std::equal(list.begin(), list.end(), other.begin(), other.end());
}

inline bool same_buffers(const sim::Program& a, const sim::Program& b) {
  return std::equal(a.buffers.begin(), a.buffers.end(), b.buffers.begin(), b.buffers.end(),
                    [](const sim::Buffer& x, const sim::Buffer& y) {
                      return x.bytes == y.bytes && x.cause == y.cause && x.parts == y.parts && x.label == y.label;
                    });
}

inline void expect_same(const sim::Program& a, const sim::Program& b) {
  SCOPED_TRACE(a.name);
  EXPECT_EQ(a.name, b.name);
  expect_same_ops(a.streams, b.streams);
  expect_same_ops(a.blocks, b.blocks);
  EXPECT_TRUE(same(a.labels, b.labels));
  EXPECT_TRUE(same(a.markers, b.markers));
  EXPECT_EQ(a.transfers, b.transfers);
  EXPECT_EQ(a.calls, b.calls);
  EXPECT_EQ(a.resident, b.resident);
  EXPECT_TRUE(same_buffers(a, b));
}

inline void expect_same(const HeldWeights& a, const HeldWeights& b) {
  EXPECT_EQ(a.buffers, b.buffers);
  EXPECT_EQ(a.unread, b.unread);
  EXPECT_EQ(a.embeddings, b.embeddings);
  EXPECT_EQ(a.replicas, b.replicas);
  ASSERT_EQ(a.pieces.size(), b.pieces.size());
  for (std::size_t i = 0; i < a.pieces.size(); ++i)
    EXPECT_TRUE(a.pieces[i].kind == b.pieces[i].kind && a.pieces[i].layer == b.pieces[i].layer);
}

}  // namespace orrery::models
