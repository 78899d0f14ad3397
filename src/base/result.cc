// Result's messages: the one form that every error of pegbox has.
#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace pegbox {

namespace {

void add_part(std::string& message, std::string_view prefix, std::string_view part) {
  if (part.empty()) return;
  if (!message.empty()) message += "; ";
  message += prefix;
  message += part;
}

std::string describe_errno(int code) {
  switch (code) {
    case ENOSPC:
      return "the disk is full";
    case EDQUOT:
      return "the disk quota is used up";
    case ENOENT:
      return "no such file or folder";
    case EACCES:
    case EPERM:
      return "permission denied";
    case EROFS:
      return "the file system is read-only";
    case EPIPE:
      return "the other end is closed";
    case EMFILE:
      return "too many open files in this process";
    default:
      return std::generic_category().message(code);
  }
}

std::string_view hint_of_errno(int code) {
  switch (code) {
    case ENOSPC:
      return "free some space and run the command again";
    case EMFILE:
      return "raise the limit with `ulimit -n`";
    default:
      return {};
  }
}

}  // namespace

std::string format_problem(const Problem& problem) {
  std::string message;
  add_part(message, "", problem.what);
  add_part(message, "got ", problem.got);
  add_part(message, "expected ", problem.expected);
  add_part(message, "", problem.hint);
  return problem.where.empty() ? message : "[" + problem.where + "] " + message;
}

tl::unexpected<Error> fail(ErrorKind kind, const Problem& problem) {
  return tl::make_unexpected(Error{kind, format_problem(problem)});
}

tl::unexpected<Error> fail_errno(std::string where, std::string what) {
  const int code = errno;
  return fail(ErrorKind::Io, {.where = std::move(where),
                              .what = std::move(what) + ": " + describe_errno(code),
                              .hint = std::string(hint_of_errno(code))});
}

}  // namespace pegbox
