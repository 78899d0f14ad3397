// TeacherModel: see teacher_model.h.
#include "app/trainer/teacher_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/sha256.h"
#include "base/units.h"
#include "text/tokenizer.h"
#include "train/memory.h"
#include "train/method/adapter_files.h"

namespace pegbox::trainer {

namespace {

tl::unexpected<Error> refuse(const std::string& where, std::string what, std::string got, std::string expected,
                             std::string hint = "") {
  return fail(ErrorKind::InvalidInput, {.where = where,
                                        .what = std::move(what),
                                        .got = std::move(got),
                                        .expected = std::move(expected),
                                        .hint = std::move(hint)});
}

std::string shown(const std::optional<std::string>& token) {
  return token ? fmt::format("\"{}\"", *token) : "no token";
}

/// The form that a teacher's weights are needed in, and its classes.
struct TeacherForm {
  train::BaseStorage storage = train::BaseStorage::Fp32;
  train::ClassNames classes;
};

Result<TeacherForm> form_of(const Settings& settings) {
  TeacherForm form;
  if (settings.teacher_adapter.empty()) return form;
  PEGBOX_TRY(form.storage, train::base_storage_of(settings.teacher_adapter));
  PEGBOX_TRY(form.classes, train::base_labels_of(settings.teacher_adapter));
  return form;
}

/// Whether the weights of the students' base are the teacher's. A plain teacher takes them in whatever form they are.
bool is_base(const Settings& settings, const train::BaseModel& base, const TeacherForm& form) {
  std::error_code missing;
  if (!base.decoder || !std::filesystem::equivalent(settings.teacher, settings.model, missing)) return false;
  if (base.decoder->config().labels != form.classes) return false;  // the head of a new classifier knows nothing
  return settings.teacher_adapter.empty() || (form.storage == train::BaseStorage::Nf4) == base.is_nf4_alone();
}

/// The same weights once more: the tensors are shared.
train::BaseModel sharing(const train::BaseModel& base) {
  return {.name = base.name,
          .decoder = std::make_unique<train::Decoder>(base.decoder->config(), base.decoder->layout()),
          .weights = base.weights,
          .nf4 = base.nf4};
}

/// Before anything is allocated. Linear layers in 4 bits take about a seventh of what they take in fp32.
Result<void> check_room(const Settings& settings, train::BaseStorage storage) {
  PEGBOX_TRY(const train::ModelConfig config, train::read_model_config(settings.teacher));
  const train::ModelLayout layout = train::layout_of(config);
  const double linear = static_cast<double>(layout.parameters_without_tables());
  const double parameters = static_cast<double>(layout.parameters());
  const double saved = storage == train::BaseStorage::Nf4 ? 6.0 / 7 * linear : 0;
  const double need = sizeof(float) * (parameters - saved);
  const train::MachineMemory memory = train::machine_memory();
  if (train::fit_of(need, memory) == train::Fit::Fits) return {};
  return fail(ErrorKind::OutOfMemory,
              {.where = "teacher",
               .what = "its weights do not fit into memory beside what is there",
               .got = fmt::format("{} for {} parameters", format_bytes(need), format_count(parameters)),
               .expected = fmt::format("at most the {} that are free now, of {}", format_bytes(memory.available_bytes),
                                       format_bytes(memory.total_bytes)),
               .hint = "use a smaller teacher"});
}

/// Students and teacher tell the same things apart: tokens, or the same classes.
Result<void> check_task(const Settings& settings, const train::ClassNames& taught, const train::ClassNames& classes) {
  if (taught == classes) return {};
  if (classes.empty())
    return refuse("teacher", "it is a classifier, which says nothing of tokens", settings.teacher,
                  "a language model, or task classify");
  if (taught.empty())
    return refuse("teacher", "it is a language model, which says nothing of classes", settings.teacher,
                  fmt::format("a classifier of {}", fmt::join(classes, ", ")));
  return refuse("teacher", "it tells other classes apart, or in another order",
                fmt::format("{}", fmt::join(taught, ", ")), fmt::format("{}", fmt::join(classes, ", ")));
}

}  // namespace

Result<void> check_teacher_tokens(const Settings& settings, const text::Tokenizer& student) {
  if (settings.teacher.empty()) return {};
  PEGBOX_TRY(const text::Tokenizer own, text::Tokenizer::load(Path(settings.teacher) / "tokenizer.json"));
  const int count = std::max(own.vocabulary_size(), student.vocabulary_size());
  for (text::TokenId id = 0; id < count; ++id) {
    const auto taught = own.token(id), known = student.token(id);
    if (taught == known) continue;
    return refuse("teacher", fmt::format("its tokens are not the student's: they differ at {}", id),
                  fmt::format("{} of {} tokens", shown(taught), own.vocabulary_size()),
                  fmt::format("{} of {} tokens", shown(known), student.vocabulary_size()),
                  "probabilities are compared token by token: a teacher needs the student's tokenizer.json, or a "
                  "student from scratch the teacher's");
  }
  return {};
}

Result<std::unique_ptr<TeacherModel>> TeacherModel::load(const Settings& settings, const train::BaseModel& base,
                                                         const train::Corpus& corpus) {
  if (!std::filesystem::is_directory(settings.teacher))
    return fail(
        ErrorKind::NotFound,
        {.where = "teacher", .what = "no such folder", .got = settings.teacher, .expected = "a model's folder"});
  PEGBOX_CHECK(check_teacher_tokens(settings, corpus.text().tokenizer));
  PEGBOX_TRY(const TeacherForm form, form_of(settings));
  const bool shares = is_base(settings, base, form);
  if (!shares) PEGBOX_CHECK(check_room(settings, form.storage));
  PEGBOX_TRY(train::BaseModel own, shares ? Result<train::BaseModel>(sharing(base))
                                          : train::load_model(settings.teacher, form.storage, form.classes));
  PEGBOX_CHECK(check_task(settings, own.decoder->config().labels, corpus.classes()));
  PEGBOX_TRY(AdaptedModel model, AdaptedModel::of(std::move(own), settings.teacher_adapter));
  std::vector<Path> folders = {settings.teacher};
  if (!settings.teacher_adapter.empty()) folders.emplace_back(settings.teacher_adapter);
  return std::unique_ptr<TeacherModel>(
      new TeacherModel(std::move(model), std::llround(settings.teacher_bytes), std::move(folders)));
}

Result<Json> TeacherModel::identity() {
  if (!identity_.is_null()) return identity_;
  std::string names;
  Sha256 all;
  for (const Path& folder : folders_) {
    names += (names.empty() ? "" : " with ") + folder.string();
    std::vector<Path> files;
    std::error_code fault;
    for (std::filesystem::directory_iterator file(folder, fault), end; !fault && file != end; file.increment(fault))
      if (file->path().extension() == ".safetensors") files.push_back(file->path());
    std::ranges::sort(files);
    for (const Path& file : files) {
      PEGBOX_TRY(const std::string hash, sha256_of_file(file));
      all.add(hash);
    }
  }
  identity_ = {{"name", names}, {"sha256", all.hex()}};
  return identity_;
}

Result<void> note_teacher(const Path& file, TeacherModel& teacher) {
  PEGBOX_TRY(const Json identity, teacher.identity());
  const std::string text = to_line(identity) + "\n";
  if (const auto known = read_file(file); known && *known == text) return {};
  return replace_file(file, text);
}

Result<void> check_teacher(const Path& file, TeacherModel& teacher) {
  std::error_code missing;
  if (!std::filesystem::exists(file, missing)) return {};  // of an earlier version, or of runs without a teacher
  PEGBOX_TRY(const std::string text, read_file(file));
  PEGBOX_TRY(const Json learned_from, parse_json(text, file.string()));
  PEGBOX_TRY(const Json now, teacher.identity());
  if (learned_from.value("sha256", "") == now["sha256"]) return {};
  const auto named = [](const Json& identity) {
    return fmt::format("{} (weights {:.12})", identity.value("name", ""), identity.value("sha256", ""));
  };
  return refuse("teacher", "the checkpoint has learned from another teacher", named(now), named(learned_from),
                "put that teacher back, or begin anew");
}

}  // namespace pegbox::trainer
