// PostgresLibrary: libpq, loaded when the first PostgreSQL store is opened.
#include "search/stores/postgres_library.h"

#include <dlfcn.h>

#include <type_traits>

namespace pegbox {

Result<std::shared_ptr<const PostgresLibrary>> PostgresLibrary::load() {
  const auto refuse = [](const char* what) {
    const char* said = ::dlerror();
    return fail(ErrorKind::Unsupported, {.where = "postgresql://",
                                         .what = what,
                                         .got = said != nullptr ? said : "",
                                         .expected = "libpq.so.5, version 14 or later",
                                         .hint = "install the package libpq5, or use sqlite:FILE"});
  };
  // Never closed: OpenSSL, which it brings along, registers what is to run at the process's end.
  void* handle = ::dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) return refuse("PostgreSQL's client library is not on this machine");
  auto library = std::make_shared<PostgresLibrary>();
  bool is_whole = true;
  const auto find = [&](const char* name, auto& function) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(handle, name));
    is_whole = is_whole && function != nullptr;
  };
  find("PQbackendPID", library->PQbackendPID);
  find("PQclear", library->PQclear);
  find("PQcmdTuples", library->PQcmdTuples);
  find("PQconnectdbParams", library->PQconnectdbParams);
  find("PQconninfoFree", library->PQconninfoFree);
  find("PQconninfoParse", library->PQconninfoParse);
  find("PQenterPipelineMode", library->PQenterPipelineMode);
  find("PQerrorMessage", library->PQerrorMessage);
  find("PQexec", library->PQexec);
  find("PQexitPipelineMode", library->PQexitPipelineMode);
  find("PQfinish", library->PQfinish);
  find("PQfreemem", library->PQfreemem);
  find("PQgetResult", library->PQgetResult);
  find("PQgetisnull", library->PQgetisnull);
  find("PQgetlength", library->PQgetlength);
  find("PQgetvalue", library->PQgetvalue);
  find("PQntuples", library->PQntuples);
  find("PQparameterStatus", library->PQparameterStatus);
  find("PQpingParams", library->PQpingParams);
  find("PQpipelineSync", library->PQpipelineSync);
  find("PQprepare", library->PQprepare);
  find("PQresultErrorField", library->PQresultErrorField);
  find("PQresultErrorMessage", library->PQresultErrorMessage);
  find("PQresultStatus", library->PQresultStatus);
  find("PQsendQueryPrepared", library->PQsendQueryPrepared);
  find("PQsetNoticeProcessor", library->PQsetNoticeProcessor);
  find("PQstatus", library->PQstatus);
  if (!is_whole) return refuse("PostgreSQL's client library on this machine is too old");
  return library;
}

}  // namespace pegbox
