// pegbox serve: the one place that decides about studies whose trials run elsewhere.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "app/commands/table.h"
#include "app/session.h"
#include "app/study_server.h"

namespace pegbox {

namespace {

class Serve final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "serve",
            .group = CommandGroup::Search,
            .summary = "show studies in a browser; decide for workers on any number of machines",
            .description =
                "Serves the studies of the store over HTTP. A browser sees them at its address, as they run "
                "(docs/page.md); `pegbox worker` and any program that speaks the API (docs/api.md) take trials and say "
                "what became of them. It listens on this machine alone unless --host says otherwise, which needs "
                "tokens. It may be killed at any time: workers go on, and find it again.",
            .example =
                "pegbox serve\n"
                "pegbox serve --new-token work --tokens tokens.txt\n"
                "pegbox serve --host 0.0.0.0 --tokens tokens.txt --certificate server.pem --key server.key",
            .uses_store = true};
  }

  std::vector<Option> options() override {
    return {
        {.names = "--host",
         .target = &options_.address,
         .value = "ADDRESS",
         .help = "the address to listen on [127.0.0.1]"},
        {.names = "--port", .target = &port_, .value = "N", .help = "the port [8765]; 0: any that is free"},
        {.names = "--tokens",
         .target = &tokens_,
         .value = "FILE",
         .help = "the hashes of the tokens that may use it",
         .completion = Completion::File},
        {.names = "--new-token",
         .target = &new_token_,
         .value = "ROLE",
         .help = "add a token to --tokens, print it and stop",
         .choices = {"read", "work", "administer"}},
        {.names = "--name",
         .target = &options_.access.host_names,
         .value = "NAME",
         .help = "a name that the server is reached by; may be repeated"},
        {.names = "--certificate",
         .target = &certificate_,
         .value = "FILE",
         .help = "speak TLS: the certificate with its chain, PEM",
         .completion = Completion::File},
        {.names = "--key",
         .target = &key_,
         .value = "FILE",
         .help = "the certificate's key, PEM",
         .completion = Completion::File},
        {.names = "--rate",
         .target = &options_.limits.rate,
         .value = "N",
         .help = "requests per second that one address may make [5000]; 0: any"},
    };
  }

  Result<ExitCode> run(Session& session) override {
    if (!new_token_.empty()) return make_token(session);
    PEGBOX_CHECK(prepare());
    PEGBOX_TRY(const StorePlace place, session.place());
    PEGBOX_TRY(const auto store, session.create_store());
    PEGBOX_TRY(const auto server, StudyServer::start(options_, *store, place, session.console()));
    session.console().say(fmt::format("Serves the studies of {} at {}", place.shown(), server->url()));
    while (!session.interrupted()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    session.console().say("Leaves; workers go on, and find the next server at the same address.");
    return ExitCode::Done;
  }

 private:
  Result<ExitCode> make_token(Session& session) const {
    if (tokens_.empty())
      return fail(ErrorKind::InvalidInput,
                  {.where = "pegbox serve", .what = "where is the token to be added?", .expected = "--tokens FILE"});
    std::array<char, 256> host{};
    (void)::gethostname(host.data(), host.size() - 1);
    PEGBOX_TRY(const std::string token,
               server::TokenTable::make(tokens_, *server::role_named(new_token_), host.data()));
    session.console().print(token + "\n");
    session.console().say(
        fmt::format("It is nowhere else: {} has its hash. A worker takes it from a file with "
                    "--token-file.",
                    tokens_));
    return ExitCode::Done;
  }

  Result<void> prepare() {
    if (port_ < 0 || port_ > 65535)
      return fail(ErrorKind::InvalidInput, {.where = "--port", .what = "no port", .got = std::to_string(port_)});
    if (certificate_.empty() != key_.empty())
      return fail(ErrorKind::InvalidInput, {.where = "pegbox serve",
                                            .what = "--certificate and --key go together",
                                            .got = certificate_.empty() ? "--key alone" : "--certificate alone"});
    options_.port = static_cast<std::uint16_t>(port_);
    options_.certificate = certificate_;
    options_.key = key_;
    options_.access.tls = !certificate_.empty();
    if (tokens_.empty()) return {};
    PEGBOX_TRY(options_.access.tokens, server::TokenTable::load(tokens_));
    if (!options_.access.tokens.empty()) return {};
    return fail(ErrorKind::InvalidInput,
                {.where = tokens_,
                 .what = "there is no token in it",
                 .hint = "`pegbox serve --new-token work --tokens " + tokens_ + "` makes one"});
  }

  server::HttpOptions options_;
  std::int64_t port_ = 8765;
  std::string tokens_, new_token_, certificate_, key_;
};

}  // namespace

std::unique_ptr<Subcommand> make_serve_command() { return std::make_unique<Serve>(); }

}  // namespace pegbox
