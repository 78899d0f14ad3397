// Report: a study as one HTML page that needs nothing else: no network, no script, no file beside it.
#pragma once

#include <string>

#include "report/study_account.h"

namespace pegbox {

/// Every text from the study is escaped. Of a study without trials, or without a result, it says so.
std::string html_report(const StudyAccount& account);

}  // namespace pegbox
