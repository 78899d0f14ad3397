// Tests of every optimizer against its published formula, written out number by number in double precision.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "train/optim/optimizer.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;
using testing::must;
using testing::same_bits;
using Matrix = std::vector<std::vector<double>>;

TrainConfig optimizer_config(const std::string& optimizer, Json fields = Json::object()) {
  fields["optimizer"] = optimizer;
  fields["method"] = "full";
  return must(read_train_config(Json::object(), fields, "test"));
}

Matrix to_matrix(const Tensor& tensor) {
  const Tensor flat = tensor.dim() == 1 ? tensor.unsqueeze(0) : tensor;
  Matrix matrix(static_cast<std::size_t>(flat.size(0)), std::vector<double>(static_cast<std::size_t>(flat.size(1))));
  for (std::size_t i = 0; i < matrix.size(); ++i)
    for (std::size_t j = 0; j < matrix[i].size(); ++j)
      matrix[i][j] = flat[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(j)].item<double>();
  return matrix;
}

Matrix zeros_like(const Matrix& matrix) { return Matrix(matrix.size(), std::vector<double>(matrix[0].size())); }

/// Calls function(i, j) for every place of a matrix.
void each(const Matrix& matrix, const std::function<void(std::size_t, std::size_t)>& function) {
  for (std::size_t i = 0; i < matrix.size(); ++i)
    for (std::size_t j = 0; j < matrix[i].size(); ++j) function(i, j);
}

double root_mean_square(const Matrix& matrix) {
  double sum = 0;
  each(matrix, [&](std::size_t i, std::size_t j) { sum += matrix[i][j] * matrix[i][j]; });
  return std::sqrt(sum / static_cast<double>(matrix.size() * matrix[0].size()));
}

double gap(const Tensor& ours, const Matrix& theirs) {
  const Matrix matrix = to_matrix(ours);
  double largest = 0;
  each(theirs,
       [&](std::size_t i, std::size_t j) { largest = std::max(largest, std::abs(matrix[i][j] - theirs[i][j])); });
  return largest;
}

/// A step of one matrix: (weights, gradient, rate, number of the step from 1, whether it is a hidden matrix).
using Step = std::function<void(Matrix& weights, const Matrix& gradient, double rate, int number)>;

constexpr int kSteps = 12;
double rate_at(int step) { return 0.02 * (1 + 0.5 * std::sin(step)); }
Tensor gradient_at(int step, std::vector<std::int64_t> shape) {
  return testing::random_tensor(std::move(shape), 100 + static_cast<std::uint64_t>(step), 0.3);
}

/// Steps of one parameter by the optimizer and by `make`'s formula; the largest difference of the weights.
double difference(const TrainConfig& config, const Parameter& parameter, const std::function<Step()>& make) {
  const auto optimizer = make_optimizer(config, {parameter});
  std::vector<Matrix> weights;
  std::vector<Step> steps;
  for (const Tensor& piece : pieces_of(parameter, parameter.value)) {
    weights.push_back(to_matrix(piece));
    steps.push_back(make());
  }
  double largest = 0;
  for (int number = 1; number <= kSteps; ++number) {
    const Tensor gradient = gradient_at(number, parameter.value.sizes().vec());
    const Tensors gradients = pieces_of(parameter, gradient.clone());
    optimizer->step({gradient}, rate_at(number));
    for (std::size_t p = 0; p < steps.size(); ++p)
      steps[p](weights[p], to_matrix(gradients[p]), rate_at(number) * parameter.rate, number);
  }
  const Tensors ours = pieces_of(parameter, parameter.value);
  for (std::size_t p = 0; p < ours.size(); ++p) largest = std::max(largest, gap(ours[p], weights[p]));
  return largest;
}

Parameter matrix_parameter(bool decay = true) {
  return {.name = "matrix", .value = testing::random_tensor({9, 5}, 1), .decay = decay, .rows = {2, 7}, .rate = 0.5};
}
Parameter vector_parameter() {
  return {.name = "vector", .value = testing::random_tensor({6}, 2), .decay = false, .kind = ParameterKind::Norm};
}

Step adamw_step(double beta1, double beta2, double epsilon, double decay) {
  return [=, mean = Matrix(), square = Matrix()](Matrix& w, const Matrix& g, double rate, int number) mutable {
    if (mean.empty()) mean = square = zeros_like(w);
    each(w, [&](std::size_t i, std::size_t j) {
      w[i][j] *= 1 - rate * decay;
      mean[i][j] = beta1 * mean[i][j] + (1 - beta1) * g[i][j];
      square[i][j] = beta2 * square[i][j] + (1 - beta2) * g[i][j] * g[i][j];
      const double corrected = square[i][j] / (1 - std::pow(beta2, number));
      w[i][j] -= rate * mean[i][j] / (1 - std::pow(beta1, number)) / (std::sqrt(corrected) + epsilon);
    });
  };
}

TEST(Sgd, FollowsTheFormula) {
  for (const double momentum : {0.0, 0.8}) {
    for (const bool nesterov : {true, false}) {
      const auto make = [&]() -> Step {
        return [=, buffer = Matrix()](Matrix& w, const Matrix& g, double rate, int) mutable {
          if (buffer.empty()) buffer = zeros_like(w);
          each(w, [&](std::size_t i, std::size_t j) {
            const double slope = g[i][j] + 0.1 * w[i][j];
            buffer[i][j] = momentum * buffer[i][j] + slope;
            w[i][j] -= rate * (nesterov ? slope + momentum * buffer[i][j] : buffer[i][j]);
          });
        };
      };
      const TrainConfig config =
          optimizer_config("sgd", {{"momentum", momentum}, {"nesterov", nesterov}, {"weight_decay", 0.1}});
      EXPECT_LT(difference(config, matrix_parameter(), make), 2e-6) << momentum << nesterov;
    }
  }
}

TEST(Lion, FollowsTheFormula) {
  const auto make = [] {
    return Step([mean = Matrix()](Matrix& w, const Matrix& g, double rate, int) mutable {
      if (mean.empty()) mean = zeros_like(w);
      each(w, [&](std::size_t i, std::size_t j) {
        const double blend = 0.85 * mean[i][j] + 0.15 * g[i][j];
        w[i][j] -= rate * ((blend > 0 ? 1 : -1) + 0.3 * w[i][j]);
        mean[i][j] = 0.97 * mean[i][j] + 0.03 * g[i][j];
      });
    });
  };
  const TrainConfig config = optimizer_config("lion", {{"beta1", 0.85}, {"beta2", 0.97}, {"weight_decay", 0.3}});
  EXPECT_LT(difference(config, matrix_parameter(), make), 2e-6);
}

/// transformers' Adafactor with relative_step and scale_parameter false.
Step adafactor_step(double beta1, double decay, bool factored) {
  return [=, rows = std::vector<double>(), columns = std::vector<double>(), square = Matrix(), mean = Matrix()](
             Matrix& w, const Matrix& g, double rate, int number) mutable {
    const double beta2 = 1 - std::pow(number, -0.8), height = static_cast<double>(w.size()),
                 width = static_cast<double>(w[0].size());
    if (square.empty()) {
      square = mean = zeros_like(w);
      rows.resize(w.size());
      columns.resize(w[0].size());
    }
    for (double& row : rows) row *= beta2;
    for (double& column : columns) column *= beta2;
    each(w, [&](std::size_t i, std::size_t j) {
      const double term = (1 - beta2) * (g[i][j] * g[i][j] + 1e-30);
      square[i][j] = beta2 * square[i][j] + term;
      rows[i] += term / width;
      columns[j] += term / height;
    });
    double row_mean = 0;
    for (const double row : rows) row_mean += row / height;
    Matrix update = zeros_like(w);
    each(w, [&](std::size_t i, std::size_t j) {
      update[i][j] = g[i][j] / std::sqrt(factored ? rows[i] * columns[j] / row_mean : square[i][j]);
    });
    const double limit = std::max(1.0, root_mean_square(update));
    each(w, [&](std::size_t i, std::size_t j) {
      const double step = rate * update[i][j] / limit;
      mean[i][j] = beta1 * mean[i][j] + (1 - beta1) * step;
      w[i][j] -= rate * decay * w[i][j] + (beta1 > 0 ? mean[i][j] : step);
    });
  };
}

TEST(Adafactor, FollowsTheFormula) {
  for (const double beta1 : {0.0, 0.9}) {
    const TrainConfig config = optimizer_config("adafactor", {{"beta1", beta1}, {"weight_decay", 0.1}});
    EXPECT_LT(difference(config, matrix_parameter(), [&] { return adafactor_step(beta1, 0.1, true); }), 5e-6);
    EXPECT_LT(difference(config, vector_parameter(), [&] { return adafactor_step(beta1, 0, false); }), 5e-6);
  }
}

TEST(Adafactor, KeepsARowAndAColumnOfEachMatrix) {
  const auto state = make_optimizer(optimizer_config("adafactor"), {matrix_parameter()})->state();
  std::int64_t numbers = 0;
  for (const auto& [name, tensor] : state) numbers += tensor.numel();
  EXPECT_EQ(numbers, 1 + 9 + 2 * 5);  // the count of steps; rows of all; a column of each of the two
}

Matrix product(const Matrix& a, const Matrix& b, bool transpose_b) {
  const std::size_t inner = a[0].size(), columns = transpose_b ? b.size() : b[0].size();
  Matrix result(a.size(), std::vector<double>(columns));
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < columns; ++j)
      for (std::size_t k = 0; k < inner; ++k) result[i][j] += a[i][k] * (transpose_b ? b[j][k] : b[k][j]);
  return result;
}

/// Five Newton-Schulz steps x <- a x + (b x xᵀ + c (x xᵀ)²) x. That of a tall matrix is the same without transposing.
Matrix newton_schulz(Matrix x) {
  const double norm = root_mean_square(x) * std::sqrt(static_cast<double>(x.size() * x[0].size()));
  each(x, [&](std::size_t i, std::size_t j) { x[i][j] /= norm; });
  for (int step = 0; step < 5; ++step) {
    const Matrix gram = product(x, x, true), square = product(gram, gram, false);
    const Matrix first = product(gram, x, false), second = product(square, x, false);
    each(x, [&](std::size_t i, std::size_t j) {
      x[i][j] = 3.4445 * x[i][j] - 4.7750 * first[i][j] + 2.0315 * second[i][j];
    });
  }
  return x;
}

TEST(Muon, FollowsTheFormula) {
  const std::map<std::string, std::function<double(double, double)>> scales{
      {"match_rms_adamw", [](double rows, double columns) { return 0.2 * std::sqrt(std::max(rows, columns)); }},
      {"original", [](double rows, double columns) { return std::sqrt(std::max(1.0, rows / columns)); }},
      {"spectral_unclamped", [](double rows, double columns) { return std::sqrt(rows / columns); }}};
  for (const auto& [name, scale] : scales) {
    const auto make = [&, scale = scale]() -> Step {
      return [=, buffer = Matrix()](Matrix& w, const Matrix& g, double rate, int) mutable {
        if (buffer.empty()) buffer = zeros_like(w);
        Matrix update = zeros_like(w);
        each(w, [&](std::size_t i, std::size_t j) {
          buffer[i][j] = 0.9 * buffer[i][j] + 0.1 * g[i][j];
          update[i][j] = 0.1 * g[i][j] + 0.9 * buffer[i][j];
        });
        update = newton_schulz(std::move(update));
        const double factor = scale(static_cast<double>(w.size()), static_cast<double>(w[0].size()));
        each(w, [&](std::size_t i, std::size_t j) { w[i][j] -= rate * (0.1 * w[i][j] + factor * update[i][j]); });
      };
    };
    const TrainConfig config =
        optimizer_config("muon", {{"momentum", 0.9}, {"muon_scale", name}, {"weight_decay", 0.1}});
    EXPECT_LT(difference(config, matrix_parameter(), make), 3e-5) << name;
  }
}

TEST(Muon, LeavesWhatIsNoHiddenMatrixToAdamW) {
  Parameter table = matrix_parameter();
  table.kind = ParameterKind::Table;
  table.rows = {};
  const TrainConfig config = optimizer_config("muon", {{"weight_decay", 0.1}, {"beta2", 0.99}});
  EXPECT_LT(difference(config, table, [] { return adamw_step(0.9, 0.99, 1e-8, 0.1); }), 2e-6);
  EXPECT_LT(difference(config, vector_parameter(), [] { return adamw_step(0.9, 0.99, 1e-8, 0); }), 2e-6);
}

TEST(AdamWOfGroups, FollowsTheFormulaAtEachRate) {
  const TrainConfig config = optimizer_config("adamw", {{"weight_decay", 0.1}, {"beta2", 0.99}});
  EXPECT_LT(difference(config, matrix_parameter(), [] { return adamw_step(0.9, 0.99, 1e-8, 0.1); }), 2e-6);
}

/// The paper's sequences x, y, z as they are written there; the optimizer keeps y and z only.
struct Sequences {
  Matrix x, z, square;
  double largest = 0, sum = 0;
};

TEST(ScheduleFree, FollowsTheFormulaAndEvaluatesTheAverage) {
  const double beta1 = 0.9, beta2 = 0.99, decay = 0.1;
  const TrainConfig config = optimizer_config("schedule_free", {{"beta2", beta2}, {"weight_decay", decay}});
  Parameter parameter = matrix_parameter();
  const auto optimizer = make_optimizer(config, {parameter});
  Sequences s{.x = to_matrix(parameter.value), .z = to_matrix(parameter.value), .square = {}};
  s.square = zeros_like(s.x);
  Matrix y = s.x;
  for (int number = 1; number <= kSteps; ++number) {
    const Tensor gradient = gradient_at(number, {9, 5});
    const Matrix g = to_matrix(gradient);
    optimizer->step({gradient}, rate_at(number));
    const double rate = rate_at(number) * std::sqrt(1 - std::pow(beta2, number));
    s.largest = std::max(s.largest, rate);
    s.sum += s.largest * s.largest;
    const double part = s.largest * s.largest / s.sum;
    each(y, [&](std::size_t i, std::size_t j) {
      s.square[i][j] = beta2 * s.square[i][j] + (1 - beta2) * g[i][j] * g[i][j];
      const double update = g[i][j] / (std::sqrt(s.square[i][j]) + 1e-8) + decay * y[i][j];
      s.z[i][j] -= rate * parameter.rate * update;
      s.x[i][j] = (1 - part) * s.x[i][j] + part * s.z[i][j];
      y[i][j] = (1 - beta1) * s.z[i][j] + beta1 * s.x[i][j];
    });
  }
  EXPECT_LT(gap(parameter.value, y), 3e-6);
  EXPECT_LT(gap(optimizer->averages().at(0), s.x), 3e-6);
  EXPECT_GT(gap(optimizer->averages().at(0), y), 1e-3);
}

class EveryOptimizer : public ::testing::TestWithParam<std::string_view> {};

TEST_P(EveryOptimizer, GoesOnFromItsStateWithTheSameBits) {
  const TrainConfig config = optimizer_config(std::string(GetParam()), {{"weight_decay", 0.1}});
  const auto parameters = [] { return std::vector<Parameter>{matrix_parameter(), vector_parameter()}; };
  const auto first = parameters(), second = parameters();
  const auto through = make_optimizer(config, first), resumed = make_optimizer(config, second);
  const auto step = [](Optimizer& optimizer, int number) {
    optimizer.step({gradient_at(number, {9, 5}), gradient_at(number, {6})}, rate_at(number));
  };
  for (int number = 1; number <= 5; ++number) step(*through, number);
  const NamedTensors from = through->state();
  for (auto& [name, tensor] : resumed->state()) tensor.copy_(from.at(name));
  for (std::size_t i = 0; i < first.size(); ++i) second[i].value.copy_(first[i].value);
  for (int number = 6; number <= 10; ++number) {
    step(*through, number);
    step(*resumed, number);
  }
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(same_bits(first[i].value, second[i].value));
  for (const auto& [name, tensor] : resumed->state()) EXPECT_TRUE(same_bits(tensor, through->state().at(name))) << name;
}

TEST_P(EveryOptimizer, KeepsTheGradientsItWasGiven) {
  const auto optimizer = make_optimizer(optimizer_config(std::string(GetParam())), {matrix_parameter()});
  const Tensor gradient = gradient_at(1, {9, 5}), before = gradient.clone();
  optimizer->step({gradient}, 0.1);
  EXPECT_TRUE(same_bits(gradient, before));
}

TEST_P(EveryOptimizer, FindsTheMinimumOfABowl) {
  Parameter parameter = matrix_parameter(false);
  parameter.rate = 1;
  const auto optimizer = make_optimizer(optimizer_config(std::string(GetParam())), {parameter});
  const double before = parameter.value.square().sum().item<double>();
  for (int step = 0; step < 2000; ++step) optimizer->step({parameter.value.clone()}, 0.02 * (1 - step / 2000.0));
  EXPECT_LT(parameter.value.square().sum().item<double>(), 0.05 * before);
}

INSTANTIATE_TEST_SUITE_P(Table, EveryOptimizer, ::testing::ValuesIn(optimizer_names()));

TEST(OptimizerFields, HaveDefaultsByOptimizer) {
  EXPECT_EQ(optimizer_config("adamw").beta1, 0.9);
  EXPECT_EQ(optimizer_config("adamw").beta2, 0.999);
  EXPECT_EQ(optimizer_config("lion").beta2, 0.99);
  EXPECT_EQ(optimizer_config("sgd").momentum, 0.9);
  EXPECT_EQ(optimizer_config("muon").momentum, 0.95);
  EXPECT_EQ(optimizer_config("schedule_free").schedule, "constant");
  EXPECT_DOUBLE_EQ(optimizer_config("lion").learning_rate, 0.18 * optimizer_config("adamw").learning_rate);
}

TEST(OptimizerFields, AreReadAgainAsTheyWereWritten) {
  for (const std::string_view name : optimizer_names()) {
    const Json once = train_fields().write(optimizer_config(std::string(name)));
    EXPECT_EQ(train_fields().write(must(read_train_config(once, Json(), "again"))), once) << name;
  }
}

TEST(OptimizerFields, ThatTheOptimizerDoesNotReadAreRefused) {
  const auto message = [](Json json) {
    const auto config = read_train_config({}, json, "trial 7");
    return config ? "accepted" : config.error().message;
  };
  EXPECT_THAT(message({{"momentum", 0.9}}), HasSubstr("optimizer adamw has no momentum"));
  EXPECT_THAT(message({{"momentum", 0.9}}), HasSubstr("sgd, muon"));
  EXPECT_THAT(message({{"optimizer", "sgd"}, {"beta2", 0.9}}), HasSubstr("sgd has no beta2"));
  EXPECT_THAT(message({{"optimizer", "lion"}, {"epsilon", 1e-6}}), HasSubstr("lion has no epsilon"));
  EXPECT_THAT(message({{"muon_scale", "original"}}), HasSubstr("muon"));
  EXPECT_THAT(message({{"method", "full"}, {"lora_b_rate", 4}}), HasSubstr("method full has no lora_b_rate"));
  EXPECT_THAT(message({{"decay_exclude", "norm"}}), HasSubstr("norms, biases, embeddings"));
  EXPECT_THAT(message({{"optimizer", "schedule_free"}, {"schedule", "cosine"}}), HasSubstr("place of a schedule"));
  EXPECT_THAT(message({{"optimizer", "schedule_free"}, {"beta1", 0}}), HasSubstr("beta1"));
  EXPECT_THAT(message({{"optimizer", "adam"}}), HasSubstr("adamw"));
}

TEST(StatePrecision, IsRefusedWhereTheOptimizerDoesNotReadIt) {
  const auto refused = read_train_config(Json::object(), {{"optimizer", "muon"}, {"state_precision", "int8"}}, "test");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("state_precision only with optimizer adamw, sgd, lion"));
}

}  // namespace
}  // namespace pegbox::train
