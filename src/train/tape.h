// Tape: what a forward and a backward pass hold in memory, counted from the sizes of tensors as autograd keeps and
// frees them. Nothing is computed.
//
// An operation keeps tensors until its own backward pass, if something before it is trained. A gradient lives from the
// first operation that adds to it until the one whose output it belongs to. What no later operation reads is freed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace pegbox::train {

class Tape {
 public:
  using Value = std::size_t;  ///< a tensor, by number

  enum class Gradient : std::uint8_t {
    OfEach,  ///< each input gets a new tensor
    One,     ///< all inputs get the same new one
    Passed,  ///< that of the output is the inputs', too
  };

  /// All sizes in bytes.
  struct Op {
    std::vector<Value> inputs{};
    std::vector<double> outputs{};             ///< new tensors
    std::vector<Value> keeps{};                ///< inputs that the backward pass reads
    std::vector<std::size_t> keeps_outputs{};  ///< by their place in `outputs`
    double kept = 0;                           ///< other tensors that it makes for the backward pass
    double trained = 0;                        ///< weights whose gradients the backward pass makes
    double forward = 0, backward = 0;          ///< workspace, freed at its end
    Gradient gradient = Gradient::OfEach;
  };

  /// A tensor that is there before the pass and is not counted; `trained`: the pass makes its gradient.
  Value source(double bytes, bool trained = false);

  /// The operation's outputs, in order. One without outputs only reads: its inputs are there until then, and it has no
  /// backward pass.
  std::vector<Value> add(Op op);
  Value add_one(Op op) { return add(std::move(op)).front(); }

  /// Operations between these two are forgotten after the forward pass, but for what goes in and comes out, and run
  /// again in the backward pass.
  void begin_segment();
  void end_segment();

  void hold(Value value) { values_[value].held = true; }  ///< until the end of the pass, whoever reads it
  double bytes(Value value) const { return values_[value].bytes; }

  /// Most bytes at once, of both passes, gradients of weights included. `accumulates`: these are there already, and not
  /// counted but while they are added.
  double peak(bool accumulates) const;

  double forward_peak() const;  ///< of a forward pass that keeps nothing

 private:
  struct Held {
    double bytes = 0;
    bool trained = false;  ///< or something before it
    bool held = false, source = false;
    std::size_t uses = 0;  ///< as an input
  };
  struct Placed {
    Op op;
    std::vector<Value> outputs;
    bool trained = false;
    int segment = -1;
  };
  class Playback;

  std::vector<Held> values_;
  std::vector<Placed> ops_;
  int segment_ = -1, segments_ = 0;
};

}  // namespace pegbox::train
