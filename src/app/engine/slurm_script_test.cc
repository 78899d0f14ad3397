// Tests of what is said to Slurm, and of what it says.
#include "app/engine/slurm_script.h"

#include <gmock/gmock.h>

namespace pegbox {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

WorkerOrder plain_order() {
  WorkerOrder order;
  order.program = "/opt/pegbox/bin/pegbox";
  order.url = "http://10.0.0.1:8765";
  order.study = "code-lora";
  order.files = "/home/me/pegbox.files";
  order.folder = "/home/me";
  return order;
}

TEST(SlurmScript, AsksForNothingThatTheStudyDoesNot) {
  const std::string script = slurm_script(plain_order(), 4, "/home/me/logs");
  EXPECT_THAT(script, HasSubstr("#SBATCH --array=1-4\n"));
  EXPECT_THAT(script, HasSubstr("#SBATCH --requeue\n"));
  EXPECT_THAT(script, HasSubstr("#SBATCH --output=/home/me/logs/%A_%a.log\n"));
  for (const char* option : {"--partition", "--account", "--gres", "--cpus-per-task", "--time="})
    EXPECT_THAT(script, Not(HasSubstr(option)));
  EXPECT_THAT(script, HasSubstr("exec /opt/pegbox/bin/pegbox worker http://10.0.0.1:8765 --study code-lora"));
}

TEST(SlurmScript, AsksForWhatTheStudyDoes) {
  WorkerOrder order = plain_order();
  order.partition = "gpu";
  order.account = "ml";
  order.gpus = 2;
  order.cpus = 8;
  order.time_s = 4 * 3600;
  order.extra = {"--qos=low"};
  order.token_file = "/home/me/token";
  const std::string script = slurm_script(order, 1, "/home/me/logs");
  for (const char* line :
       {"#SBATCH --partition=gpu\n", "#SBATCH --account=ml\n", "#SBATCH --gres=gpu:2\n", "#SBATCH --cpus-per-task=8\n",
        "#SBATCH --time=4:00:00\n", "#SBATCH --qos=low\n", "--token-file /home/me/token"})
    EXPECT_THAT(script, HasSubstr(line));
}

TEST(SlurmScript, FoldersMayHaveSpacesAndQuotes) {
  WorkerOrder order = plain_order();
  order.folder = "/home/me/my studies";
  order.files = "/home/me/it's $HOME";
  const std::string script = slurm_script(order, 1, "/home/me/my studies/logs");
  EXPECT_THAT(script, HasSubstr("#SBATCH --chdir=\"/home/me/my studies\"\n"));
  EXPECT_THAT(script, HasSubstr(R"(--files '/home/me/it'\''s $HOME')"));
}

TEST(SlurmTime, IsWholeMinutesRoundedUp) {
  EXPECT_EQ(slurm_time(1), "0:01:00");
  EXPECT_EQ(slurm_time(90 * 60), "1:30:00");
  EXPECT_EQ(slurm_time(26 * 3600 + 5), "1-02:01:00");
}

TEST(Squeue, TellsWorkersThatRunFromThoseThatWait) {
  const auto hands = read_squeue(
      "17|1|RUNNING|None\n17|2|PENDING|Resources\n17|3|COMPLETING|None\n12|1|RUNNING|None\n18|1|REQUEUED|BeginTime\n",
      {"17", "18"});
  ASSERT_THAT(hands, SizeIs(3));
  EXPECT_EQ(hands[0].name, "slurm-17_1");
  EXPECT_TRUE(hands[0].runs);
  EXPECT_EQ(hands[1].why, "Resources");
  EXPECT_FALSE(hands[1].runs);
  EXPECT_EQ(hands[2].name, "slurm-18_1");
  EXPECT_THAT(read_squeue("", {"17"}), IsEmpty());
}

TEST(SlurmHint, SaysWhatToDoNext) {
  EXPECT_THAT(slurm_hint("sbatch: error: invalid partition specified: nope"), HasSubstr("sinfo"));
  EXPECT_THAT(slurm_hint("Invalid account or account/partition combination specified"), HasSubstr("--partition"));
  EXPECT_THAT(slurm_hint("Invalid generic resource (gres) specification"), HasSubstr("--gpus"));
  EXPECT_THAT(slurm_hint("something else"), HasSubstr("--print"));
}

}  // namespace
}  // namespace pegbox
