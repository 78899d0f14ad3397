// median: stop a trial whose best loss so far is worse than the median of the others at the same step.
#include "search/schedulers/median.h"

#include "search/schedulers/percentile.h"

namespace pegbox {
namespace {

constexpr std::int64_t kHalf = 50;

struct MedianOptions : Pace {
  std::int64_t others = PercentileOptions{}.others;
};

const FieldTable<MedianOptions>& median_fields() {
  static const FieldTable<MedianOptions> table(
      with_pace<MedianOptions>({{.name = "others",
                                 .member = &MedianOptions::others,
                                 .minimum = 1,
                                 .help = "how many other trials must have come as far for a judgement"}}));
  return table;
}

Result<std::unique_ptr<Scheduler>> make_median(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const MedianOptions options, median_fields().read(node));
  return make_percentile_rule({options, kHalf, options.others});
}

}  // namespace

SchedulerRow median_row() {
  return {.name = "median",
          .help = "stops a trial whose best loss is worse than the median of the others at the same step",
          .options = median_fields().rows(),
          .make = make_median};
}

}  // namespace pegbox
