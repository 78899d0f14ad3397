// Tape: see tape.h.
#include "train/tape.h"

#include <algorithm>
#include <set>
#include <utility>

namespace pegbox::train {

Tape::Value Tape::source(double bytes, bool trained) {
  values_.push_back({.bytes = bytes, .trained = trained, .source = true});
  return values_.size() - 1;
}

std::vector<Tape::Value> Tape::add(Op op) {
  Placed placed{.op = std::move(op), .outputs = {}, .trained = false, .segment = segment_};
  const bool reads = placed.op.outputs.empty();
  placed.trained = !reads && placed.op.trained > 0;
  for (const Value input : placed.op.inputs) {
    placed.trained = placed.trained || (!reads && values_[input].trained);
    ++values_[input].uses;
  }
  for (const double bytes : placed.op.outputs) {
    placed.outputs.push_back(values_.size());
    values_.push_back({.bytes = bytes, .trained = placed.trained});
  }
  for (const std::size_t place : placed.op.keeps_outputs) placed.op.keeps.push_back(placed.outputs[place]);
  ops_.push_back(placed);
  return placed.outputs;
}

void Tape::begin_segment() { segment_ = segments_++; }
void Tape::end_segment() { segment_ = -1; }

/// Plays the operations forth and back, and watches the bytes.
class Tape::Playback {
 public:
  Playback(const Tape& tape, bool keeps, bool accumulates)
      : tape_(tape), keeps_(keeps), accumulates_(accumulates), tensors_(tape.values_.size()) {
    for (Value value = 0; value < tensors_.size(); ++value) tensors_[value].uses = tape.values_[value].uses;
  }

  void forward() {
    for (std::size_t i = 0; i < tape_.ops_.size(); ++i) {
      if (keeps_ && begins_segment(i)) keep_inputs(segment_of(i));
      forward(i);
      if (keeps_ && ends_segment(i)) forget(segment_of(i));
    }
  }

  void backward() {
    for (std::size_t i = tape_.ops_.size(); i-- > 0;) {
      const bool again = segment_of(i) >= 0 && is_trained(range(segment_of(i)));
      if (again && ends_segment(i)) run_again(segment_of(i));
      if (tape_.ops_[i].trained) backward(i);
      if (again && begins_segment(i)) end_again(segment_of(i));
    }
  }

  double peak() const { return peak_; }

 private:
  struct State {
    std::size_t uses = 0, keepers = 0;
    bool there = false;
    std::size_t gradient = 0;  // its number, from 1
  };
  struct Shared {
    double bytes = 0;
    std::size_t holders = 0;
  };
  struct Segment {
    std::size_t begin = 0, end = 0;
  };

  void take(double bytes) {
    live_ += bytes;
    peak_ = std::max(peak_, live_);
  }
  void give(double bytes) { live_ -= bytes; }

  void make(Value value) {
    if (tape_.values_[value].source || tensors_[value].there) return;
    tensors_[value].there = true;
    take(tape_.values_[value].bytes);
  }
  void drop(Value value) {
    State& state = tensors_[value];
    if (!state.there || state.uses > 0 || state.keepers > 0 || tape_.values_[value].held) return;
    state.there = false;
    give(tape_.values_[value].bytes);
  }
  void keep(Value value) { ++tensors_[value].keepers; }
  void release(Value value) {
    --tensors_[value].keepers;
    drop(value);
  }

  void forward(std::size_t i) {
    const Placed& placed = tape_.ops_[i];
    const bool keeps = keeps_ && placed.trained;
    for (const Value output : placed.outputs) make(output);
    take(placed.op.kept);
    take(placed.op.forward);
    give(placed.op.forward);
    if (!keeps) give(placed.op.kept);
    if (keeps)
      for (const Value value : placed.op.keeps) keep(value);
    for (const Value input : placed.op.inputs) {
      if (tensors_[input].uses > 0) --tensors_[input].uses;
      drop(input);
    }
  }

  void backward(std::size_t i) {
    const Placed& placed = tape_.ops_[i];
    make_gradients(placed);
    take(placed.op.trained);
    take(placed.op.backward);
    give(placed.op.backward);
    if (accumulates_) give(placed.op.trained);
    for (const double bytes : std::exchange(sums_, {})) give(bytes);
    give(placed.op.kept);
    for (const Value value : placed.op.keeps) release(value);
    for (const Value output : placed.outputs) let_go(tensors_[output].gradient);
  }

  /// Of the inputs that need some; one that has a gradient already gets a sum.
  void make_gradients(const Placed& placed) {
    std::size_t one = 0;
    if (placed.op.gradient == Gradient::Passed)
      for (const Value output : placed.outputs) one = std::max(one, tensors_[output].gradient);
    for (const Value input : placed.op.inputs) {
      if (!tape_.values_[input].trained) continue;
      State& state = tensors_[input];
      const double bytes = tape_.values_[input].bytes;
      if (state.gradient > 0) {
        add_to(state, bytes, one == 0);
        continue;
      }
      if (one == 0) {
        gradients_.push_back({bytes, 0});
        take(bytes);
      }
      state.gradient = one > 0 ? one : gradients_.size();
      ++gradients_[state.gradient - 1].holders;
      if (placed.op.gradient == Gradient::One) one = state.gradient;
    }
  }

  /// The sum takes the place of the gradient that was there, unless others have that, too.
  void add_to(State& state, double bytes, bool is_new) {
    if (is_new) sums_.push_back(bytes);
    if (is_new) take(bytes);
    if (gradients_[state.gradient - 1].holders == 1) return;
    gradients_.push_back({bytes, 1});
    take(bytes);
    let_go(state.gradient);
    state.gradient = gradients_.size();
  }

  void let_go(std::size_t& gradient) {
    if (gradient == 0) return;
    Shared& shared = gradients_[gradient - 1];
    if (--shared.holders == 0) give(shared.bytes);
    gradient = 0;
  }

  int segment_of(std::size_t i) const { return tape_.ops_[i].segment; }
  bool begins_segment(std::size_t i) const {
    return segment_of(i) >= 0 && (i == 0 || segment_of(i - 1) != segment_of(i));
  }
  bool ends_segment(std::size_t i) const {
    return segment_of(i) >= 0 && (i + 1 == tape_.ops_.size() || segment_of(i + 1) != segment_of(i));
  }

  Segment range(int segment) const {
    const auto in = [&](const Placed& placed) { return placed.segment == segment; };
    const auto begin = std::ranges::find_if(tape_.ops_, in);
    const auto end = std::find_if_not(begin, tape_.ops_.end(), in);
    return {static_cast<std::size_t>(begin - tape_.ops_.begin()), static_cast<std::size_t>(end - tape_.ops_.begin())};
  }

  /// What a segment reads and does not make.
  std::set<Value> inputs_of(const Segment& segment) const {
    std::set<Value> inputs;
    for (std::size_t i = segment.begin; i < segment.end; ++i)
      inputs.insert(tape_.ops_[i].op.inputs.begin(), tape_.ops_[i].op.inputs.end());
    for (std::size_t i = segment.begin; i < segment.end; ++i)
      for (const Value output : tape_.ops_[i].outputs) inputs.erase(output);
    return inputs;
  }

  /// In the place of what its operations keep; nothing of a segment that is not trained.
  void keep_inputs(int number) {
    const Segment segment = range(number);
    if (!is_trained(segment)) return;
    for (const Value input : inputs_of(segment)) keep(input);
  }
  bool is_trained(const Segment& segment) const {
    const auto begin = tape_.ops_.begin();
    return std::any_of(begin + static_cast<std::ptrdiff_t>(segment.begin),
                       begin + static_cast<std::ptrdiff_t>(segment.end),
                       [](const Placed& placed) { return placed.trained; });
  }

  /// What a segment's operations kept, after its first run.
  void forget(int number) {
    const Segment segment = range(number);
    for (std::size_t i = segment.begin; i < segment.end; ++i) {
      if (!tape_.ops_[i].trained) continue;
      give(tape_.ops_[i].op.kept);
      for (const Value value : tape_.ops_[i].op.keeps) release(value);
    }
  }

  /// Its results and their gradients stay until it is through.
  void run_again(int number) {
    const Segment segment = range(number);
    for (std::size_t i = segment.begin; i < segment.end; ++i)
      for (const Value output : tape_.ops_[i].outputs) tensors_[output].uses = uses_within(segment, output);
    for (std::size_t i = segment.begin; i < segment.end; ++i) forward(i);
    for (const Value output : outputs_of(segment)) {
      keep(output);
      if (const std::size_t gradient = tensors_[output].gradient; gradient > 0) {
        ++gradients_[gradient - 1].holders;
        given_.push_back(gradient);
      }
    }
  }

  /// Each input then has a gradient of its own.
  void end_again(int number) {
    const Segment segment = range(number);
    std::set<std::size_t> seen;
    for (const Value input : inputs_of(segment)) {
      std::size_t& gradient = tensors_[input].gradient;
      if (gradient == 0 || seen.insert(gradient).second) continue;
      const double bytes = gradients_[gradient - 1].bytes;
      let_go(gradient);
      gradients_.push_back({bytes, 1});
      gradient = gradients_.size();
      take(bytes);
    }
    for (std::size_t gradient : std::exchange(given_, {})) let_go(gradient);
    for (const Value output : outputs_of(segment)) release(output);
    for (const Value input : inputs_of(segment)) release(input);
    for (std::size_t i = segment.begin; i < segment.end; ++i)
      for (const Value output : tape_.ops_[i].outputs) drop(output);  // what nobody read again
  }

  /// What a segment makes and others read.
  std::vector<Value> outputs_of(const Segment& segment) const {
    std::vector<Value> outputs;
    for (std::size_t i = segment.begin; i < segment.end; ++i)
      for (const Value output : tape_.ops_[i].outputs)
        if (tape_.values_[output].uses > uses_within(segment, output)) outputs.push_back(output);
    return outputs;
  }

  std::size_t uses_within(const Segment& segment, Value value) const {
    std::size_t uses = 0;
    for (std::size_t i = segment.begin; i < segment.end; ++i)
      uses += static_cast<std::size_t>(std::ranges::count(tape_.ops_[i].op.inputs, value));
    return uses;
  }

  const Tape& tape_;
  bool keeps_, accumulates_;
  std::vector<State> tensors_;
  std::vector<Shared> gradients_;
  std::vector<double> sums_;        // of gradients, while they are added
  std::vector<std::size_t> given_;  // gradients of the segment that runs again
  double live_ = 0, peak_ = 0;
};

double Tape::peak(bool accumulates) const {
  Playback playback(*this, /*keeps=*/true, accumulates);
  playback.forward();
  playback.backward();
  return playback.peak();
}

double Tape::forward_peak() const {
  Playback playback(*this, /*keeps=*/false, /*accumulates=*/false);
  playback.forward();
  return playback.peak();
}

}  // namespace pegbox::train
