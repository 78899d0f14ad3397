// PostgresLibrary: libpq, loaded when the first PostgreSQL store is opened.
//
// Linked, it would bring Kerberos, LDAP and two TLS libraries into every start of pegbox: 4 ms, three times what
// `pegbox --help` takes. So its functions are looked up, under their own names.
#pragma once

#include <libpq-fe.h>

#include <memory>

#include "base/result.h"

namespace pegbox {

/// libpq's functions; https://www.postgresql.org/docs/15/libpq.html says what they do.
struct PostgresLibrary {
  decltype(&::PQbackendPID) PQbackendPID = nullptr;
  decltype(&::PQclear) PQclear = nullptr;
  decltype(&::PQcmdTuples) PQcmdTuples = nullptr;
  decltype(&::PQconnectdbParams) PQconnectdbParams = nullptr;
  decltype(&::PQconninfoFree) PQconninfoFree = nullptr;
  decltype(&::PQconninfoParse) PQconninfoParse = nullptr;
  decltype(&::PQenterPipelineMode) PQenterPipelineMode = nullptr;
  decltype(&::PQerrorMessage) PQerrorMessage = nullptr;
  decltype(&::PQexec) PQexec = nullptr;
  decltype(&::PQexitPipelineMode) PQexitPipelineMode = nullptr;
  decltype(&::PQfinish) PQfinish = nullptr;
  decltype(&::PQfreemem) PQfreemem = nullptr;
  decltype(&::PQgetResult) PQgetResult = nullptr;
  decltype(&::PQgetisnull) PQgetisnull = nullptr;
  decltype(&::PQgetlength) PQgetlength = nullptr;
  decltype(&::PQgetvalue) PQgetvalue = nullptr;
  decltype(&::PQntuples) PQntuples = nullptr;
  decltype(&::PQparameterStatus) PQparameterStatus = nullptr;
  decltype(&::PQpingParams) PQpingParams = nullptr;
  decltype(&::PQpipelineSync) PQpipelineSync = nullptr;
  decltype(&::PQprepare) PQprepare = nullptr;
  decltype(&::PQresultErrorField) PQresultErrorField = nullptr;
  decltype(&::PQresultErrorMessage) PQresultErrorMessage = nullptr;
  decltype(&::PQresultStatus) PQresultStatus = nullptr;
  decltype(&::PQsendQueryPrepared) PQsendQueryPrepared = nullptr;
  decltype(&::PQsetNoticeProcessor) PQsetNoticeProcessor = nullptr;
  decltype(&::PQstatus) PQstatus = nullptr;

  /// It stays loaded as long as the process. Unsupported, with what to install, if this machine has no libpq 14 or
  /// later.
  static Result<std::shared_ptr<const PostgresLibrary>> load();
};

}  // namespace pegbox
