// Confirmation: asks before something is lost.
#include "app/confirm.h"

#include <unistd.h>

namespace pegbox {

Result<bool> confirm(Session& session, const std::string& question, const std::string& flag) {
  if (isatty(STDIN_FILENO) != 1)
    return fail(ErrorKind::InvalidInput, {.where = "no terminal",
                                          .what = "this asks before it deletes, and there is nobody to ask",
                                          .hint = "give " + flag + " if you mean it"});
  session.console().draw(question + " [y/N] ");
  char answer = 0;
  const ssize_t count = read(STDIN_FILENO, &answer, 1);
  return count == 1 && (answer == 'y' || answer == 'Y');
}

}  // namespace pegbox
