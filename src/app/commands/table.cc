// The table of commands, in the order of `pegbox --help`.
#include "app/commands/table.h"

namespace pegbox {

Subcommands make_commands() {
  using Make = std::unique_ptr<Subcommand> (*)();
  constexpr Make kTable[] = {
      make_tune_command,        make_init_command,        make_demo_command,       make_list_command,
      make_show_command,        make_best_command,        make_importance_command, make_ablate_command,
      make_sensitivity_command, make_diagnose_command,    make_what_if_command,    make_replay_command,
      make_report_command,      make_card_command,        make_logs_command,       make_pause_command,
      make_stop_command,        make_delete_command,      make_gc_command,         make_backup_command,
      make_import_command,      make_export_command,      make_serve_command,      make_worker_command,
      make_launch_command,      make_check_command,       make_clean_command,      make_anonymize_command,
      make_augment_command,     make_split_command,       make_watch_command,      make_train_command,
      make_evaluate_command,    make_inspect_command,     make_predict_command,    make_merge_command,
      make_doctor_command,      make_completions_command, make_help_command};
  Subcommands commands;
  for (Make make : kTable) commands.push_back(make());
  return commands;
}

}  // namespace pegbox
