// Tests of dividing threads and GPUs among workers.
#include "app/worker_places.h"

#include <gtest/gtest.h>

namespace pegbox {
namespace {

std::vector<std::string> gpus_of(const Workers& workers, const Resources& resources) {
  const auto environments = worker_environments(workers, resources);
  if (!environments) return {environments.error().message};
  std::vector<std::string> gpus;
  for (const Environment& environment : *environments) {
    const auto found = environment.find("CUDA_VISIBLE_DEVICES");
    gpus.push_back(found == environment.end() ? "unset" : found->second);
  }
  return gpus;
}

using Gpus = std::vector<std::string>;

TEST(WorkerPlaces, DivideTheCoresWithoutOversubscribing) {
  EXPECT_EQ(threads_of_worker({.count = 2}, {.cores = 8, .gpus = {}}), 4);
  EXPECT_EQ(threads_of_worker({.count = 3}, {.cores = 8, .gpus = {}}), 2);
  EXPECT_EQ(threads_of_worker({.count = 9}, {.cores = 8, .gpus = {}}), 1);
  EXPECT_EQ(threads_of_worker({.count = 2, .threads = 3}, {.cores = 8, .gpus = {}}), 3);
}

TEST(WorkerPlaces, DealGpusOutInTurn) {
  const Resources four{.cores = 8, .gpus = {"0", "1", "2", "3"}};
  EXPECT_EQ(gpus_of({.count = 2}, four), (Gpus{"0,2", "1,3"}));
  EXPECT_EQ(gpus_of({.count = 4}, four), (Gpus{"0", "1", "2", "3"}));
  EXPECT_EQ(gpus_of({.count = 2, .gpus = "1"}, four), (Gpus{"0", "0"}));
  EXPECT_EQ(gpus_of({.count = 2, .gpus = "1,3"}, four), (Gpus{"1", "3"}));
  EXPECT_EQ(gpus_of({.count = 1, .gpus = "none"}, four), (Gpus{""}));
}

TEST(WorkerPlaces, LeaveMachinesWithoutGpusAlone) {
  EXPECT_EQ(gpus_of({.count = 1}, {.cores = 2, .gpus = {}}), (Gpus{"unset"}));
}

TEST(WorkerPlaces, RefuseGpusThatAreNotThere) {
  const Resources one{.cores = 2, .gpus = {"0"}};
  EXPECT_FALSE(worker_environments({.gpus = "2"}, one));
  EXPECT_FALSE(worker_environments({.gpus = "0,1"}, one));
}

}  // namespace
}  // namespace pegbox
