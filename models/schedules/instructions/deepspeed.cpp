// DeepSpeed's schedules in steps: in even ones even stages go forward and odd ones
// backward, in odd ones the other way round, so that neighbours always face each
// other (deepspeed/runtime/pipe/schedule.py, TrainSchedule and InferenceSchedule).
#include <algorithm>

#include "models/schedules/instructions/instructions.h"

namespace orrery::models {
namespace {

class Table {
 public:
  Table(int stages, int micro_batches) : stages_(stages), micro_batches_(micro_batches) {}

  void begin(int stage, int step) {
    csv_ += std::to_string(stage) + ',' + std::to_string(step) + ',';
    first_ = true;
  }
  void end() { csv_ += '\n'; }
  void say(const char* what) {
    if (!first_) csv_ += ' ';
    first_ = false;
    csv_.append(what).append("()");
  }
  void say(const char* what, int buffer) {
    say(what);
    csv_.pop_back();
    csv_ += "buffer_id=" + std::to_string(buffer) + ')';
  }
  bool is_stage(int stage) const { return stage >= 0 && stage < stages_; }
  bool is_micro_batch(int k) const { return k >= 0 && k < micro_batches_; }
  bool is_end(int stage) const { return stage == 0 || stage == stages_ - 1; }
  std::string take() { return std::move(csv_); }

 private:
  int stages_, micro_batches_;
  bool first_ = true;
  std::string csv_ = "stage,step,instructions\n";
};

struct Work {
  int micro_batch = 0;
  bool forward = true;
};

Work work_at(int step, int stage, int stages) {
  const bool forward = step % 2 == stage % 2;
  const int round = step / 2;
  if (forward) return {round - stage / 2, true};
  return {step % 2 == 0 ? round - stages + (stage + 1) / 2 : round - stages + 1 + stage / 2, false};
}

}  // namespace

std::string deepspeed_train_csv(int stages, int micro_batches) {
  Table table(stages, micro_batches);
  const int steps = 2 * (micro_batches + stages - 1);
  for (int stage = 0; stage < stages; ++stage) {
    const int buffers = std::max(2, std::min(stages - stage, micro_batches));
    int before = -1;
    for (int step = 0; step < steps; ++step) {
      const auto [k, forward] = work_at(step, stage, stages);
      const bool here = table.is_micro_batch(k), was = table.is_micro_batch(before);
      table.begin(stage, step);
      if (forward) {
        if (was && table.is_stage(stage - 1)) table.say("SendGrad", before % buffers);
        if (here && table.is_stage(stage - 1)) table.say("RecvActivation", k % buffers);
        if (here && table.is_end(stage)) table.say("LoadMicroBatch", k % buffers);
        if (here) table.say("ForwardPass", k % buffers);
      } else {
        if (here && table.is_stage(stage + 1)) table.say("RecvGrad", k % buffers);
        if (was && table.is_stage(stage + 1)) table.say("SendActivation", before % buffers);
        if (here) table.say("BackwardPass", k % buffers);
      }
      if (step == steps - 1)
        for (const char* last : {"ReduceTiedGrads", "ReduceGrads", "OptimizerStep"}) table.say(last);
      table.end();
      before = k;
    }
  }
  return table.take();
}

// Two buffers a stage, in turn: one is received into while the other is sent from.
std::string deepspeed_inference_csv(int stages, int micro_batches) {
  Table table(stages, micro_batches);
  for (int stage = 0; stage < stages; ++stage)
    for (int step = 0; step < micro_batches + stages - 1; ++step) {
      const int k = step - stage, receive = (step + stage) % 2, send = 1 - receive;
      const bool here = table.is_micro_batch(k);
      const bool sends = table.is_micro_batch(k - 1) && table.is_stage(stage + 1);
      const bool receives = here && table.is_stage(stage - 1);
      table.begin(stage, step);
      if (here && table.is_end(stage)) table.say("LoadMicroBatch", receive);
      if (sends && stage % 2 == 0) table.say("SendActivation", send);
      if (receives) table.say("RecvActivation", receive);
      if (sends && stage % 2 == 1) table.say("SendActivation", send);
      if (here) table.say("ForwardPass", receive);
      table.end();
    }
  return table.take();
}

}  // namespace orrery::models
