// Spaces for tests: one of every kind that a study file can hold, by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pegbox {

struct SpaceForTest {
  std::string_view name;
  std::string_view study;     ///< members of a study file
  int configurations = 1000;  ///< how many there are; 1000: at least 20
  int grid = configurations;  ///< how many a grid takes
};

inline const std::vector<SpaceForTest>& spaces_for_test() {
  static const std::vector<SpaceForTest> spaces{
      {"OneReal", R"({"space": {"x": {"range": [-3, 5]}}})", 1000, 5},
      {"OneInteger", R"({"space": {"n": {"range": [1, 7], "integer": true}}})", 7},
      {"LogInteger", R"({"space": {"n": {"range": [1, 4096], "integer": true, "scale": "log"}}})"},
      {"Stepped", R"({"space": {"x": {"range": [0, 1], "step": 0.25}, "y": {"range": [10, 30], "step": 10}}})", 15},
      {"FixedOnly", R"({"space": {"a": {"value": 3}, "b": {"value": "text"}}})", 1},
      {"ManyChoices", R"({"space": {"c": {"choice": [)" /* filled in below */},
      {"Mixed", R"({"space": {"lr": {"range": [1e-5, 1e-1], "scale": "log"}, "optimizer": {"choice": ["adamw", "lion"]},
                   "rank": {"choice": [4, 8, 16, 32], "ordered": true}, "flag": {"choice": [true, false]},
                   "layers": {"range": [1, 4], "integer": true}}})"},
      {"Conditional", R"({"space": {"rank": {"choice": [4, 8, 16], "ordered": true, "when": {"method": "lora"}},
                         "dropout": {"range": [0, 0.5], "when": {"method": "lora", "regularize": true}},
                         "method": {"choice": ["lora", "full", "prompt"]}, "regularize": {"choice": [true, false]},
                         "tokens": {"range": [1, 100], "integer": true, "when": {"method": "prompt"}},
                         "lr": {"range": [1e-5, 1e-1], "scale": "log"}}})"},
      {"SmallConditional",
       R"({"space": {"a": {"choice": ["x", "y"]}, "b": {"choice": [1, 2, 3], "when": {"a": "y"}}}})", 4},
      {"Constrained",
       R"({"space": {"width": {"range": [64, 512], "step": 64}, "heads": {"range": [1, 16], "integer": true},
                         "warmup": {"range": [0, 1]}, "decay": {"range": [0, 1]}},
                         "constraints": ["heads divides width", "warmup + decay < 0.6"]})"},
      {"Simplex",
       R"({"space": {"mixture": {"simplex": ["books", "code", "web"]}, "lr": {"range": [1e-5, 1e-1], "scale": "log"}},
                     "constraints": ["mixture.code >= mixture.books"]})"},
      {"Prior", R"({"space": {"lr": {"range": [1e-5, 1e-1], "scale": "log", "prior": {"at": 3e-4, "spread": 3}},
                   "batch": {"range": [8, 512], "integer": true, "scale": "log", "prior": {"at": 64, "spread": 2}},
                   "method": {"choice": ["lora", "full"], "prior": {"weights": [3, 1]}},
                   "scale": {"range": [0.5, 4], "prior": {"at": 2, "spread": 1}, "when": {"method": "lora"}}}})"},
  };
  return spaces;
}

/// The study file's members of a space, complete.
inline std::string study_of(const SpaceForTest& space) {
  std::string study(space.study);
  if (space.name != "ManyChoices") return study;
  for (int i = 0; i < 1000; ++i) study += (i ? ", \"c" : "\"c") + std::to_string(i) + '"';
  return study + R"(]}, "x": {"choice": [0, 1], "ordered": true}}})";
}

}  // namespace pegbox
