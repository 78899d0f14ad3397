// The table of commands: a new one is its file, its row here and in table.cc, and its line in CMakeLists.txt.
#pragma once

#include <memory>

#include "app/help_text.h"
#include "app/subcommand.h"

namespace pegbox {

std::unique_ptr<Subcommand> make_tune_command();
std::unique_ptr<Subcommand> make_init_command();
std::unique_ptr<Subcommand> make_demo_command();
std::unique_ptr<Subcommand> make_list_command();
std::unique_ptr<Subcommand> make_show_command();
std::unique_ptr<Subcommand> make_best_command();
std::unique_ptr<Subcommand> make_importance_command();
std::unique_ptr<Subcommand> make_ablate_command();
std::unique_ptr<Subcommand> make_sensitivity_command();
std::unique_ptr<Subcommand> make_diagnose_command();
std::unique_ptr<Subcommand> make_what_if_command();
std::unique_ptr<Subcommand> make_replay_command();
std::unique_ptr<Subcommand> make_report_command();
std::unique_ptr<Subcommand> make_card_command();
std::unique_ptr<Subcommand> make_logs_command();
std::unique_ptr<Subcommand> make_pause_command();
std::unique_ptr<Subcommand> make_stop_command();
std::unique_ptr<Subcommand> make_delete_command();
std::unique_ptr<Subcommand> make_gc_command();
std::unique_ptr<Subcommand> make_backup_command();
std::unique_ptr<Subcommand> make_import_command();
std::unique_ptr<Subcommand> make_export_command();
std::unique_ptr<Subcommand> make_serve_command();
std::unique_ptr<Subcommand> make_worker_command();
std::unique_ptr<Subcommand> make_launch_command();
std::unique_ptr<Subcommand> make_check_command();
std::unique_ptr<Subcommand> make_clean_command();
std::unique_ptr<Subcommand> make_anonymize_command();
std::unique_ptr<Subcommand> make_augment_command();
std::unique_ptr<Subcommand> make_split_command();
std::unique_ptr<Subcommand> make_watch_command();
std::unique_ptr<Subcommand> make_train_command();
std::unique_ptr<Subcommand> make_evaluate_command();
std::unique_ptr<Subcommand> make_inspect_command();
std::unique_ptr<Subcommand> make_predict_command();
std::unique_ptr<Subcommand> make_merge_command();
std::unique_ptr<Subcommand> make_doctor_command();
std::unique_ptr<Subcommand> make_completions_command();
std::unique_ptr<Subcommand> make_help_command();

Subcommands make_commands();

}  // namespace pegbox
