// FaultyDisk: a shim around SQLite's own VFS (https://www.sqlite.org/vfs.html).
#include "search/stores/faulty_disk_for_test.h"

#include <new>

namespace pegbox {

namespace {
FaultyDisk* the_disk = nullptr;
}

/// The head that SQLite asks for, followed in memory by the real file.
struct FaultyFile {
  sqlite3_file head;

  static sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<FaultyFile*>(file) + 1);
  }
  static int close(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
  static int read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 at) {
    return real(file)->pMethods->xRead(real(file), bytes, count, at);
  }
  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
    ++the_disk->writes_;
    if (the_disk->write_error_ != SQLITE_OK) return the_disk->write_error_;
    return real(file)->pMethods->xWrite(real(file), bytes, count, at);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return real(file)->pMethods->xTruncate(real(file), size);
  }
  static int sync(sqlite3_file* file, int flags) {
    ++the_disk->syncs_;
    if (the_disk->sync_error_ != SQLITE_OK) return the_disk->sync_error_;
    if (the_disk->skips_syncs_) return SQLITE_OK;
    return real(file)->pMethods->xSync(real(file), flags);
  }
  static int size(sqlite3_file* file, sqlite3_int64* size) { return real(file)->pMethods->xFileSize(real(file), size); }
  static int lock(sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); }
  static int unlock(sqlite3_file* file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
  static int check_lock(sqlite3_file* file, int* held) {
    return real(file)->pMethods->xCheckReservedLock(real(file), held);
  }
  static int control(sqlite3_file* file, int what, void* argument) {
    return real(file)->pMethods->xFileControl(real(file), what, argument);
  }
  static int sector(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
  static int device(sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
  static int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, memory);
  }
  static int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
  }
  static void shm_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
  static int shm_unmap(sqlite3_file* file, int remove) { return real(file)->pMethods->xShmUnmap(real(file), remove); }

  static int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags);
};

namespace {

const sqlite3_io_methods kMethods = {.iVersion = 2,
                                     .xClose = FaultyFile::close,
                                     .xRead = FaultyFile::read,
                                     .xWrite = FaultyFile::write,
                                     .xTruncate = FaultyFile::truncate,
                                     .xSync = FaultyFile::sync,
                                     .xFileSize = FaultyFile::size,
                                     .xLock = FaultyFile::lock,
                                     .xUnlock = FaultyFile::unlock,
                                     .xCheckReservedLock = FaultyFile::check_lock,
                                     .xFileControl = FaultyFile::control,
                                     .xSectorSize = FaultyFile::sector,
                                     .xDeviceCharacteristics = FaultyFile::device,
                                     .xShmMap = FaultyFile::shm_map,
                                     .xShmLock = FaultyFile::shm_lock,
                                     .xShmBarrier = FaultyFile::shm_barrier,
                                     .xShmUnmap = FaultyFile::shm_unmap,
                                     .xFetch = nullptr,
                                     .xUnfetch = nullptr};

}  // namespace

int FaultyFile::open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  auto* real_vfs = static_cast<sqlite3_vfs*>(vfs->pAppData);
  new (file) FaultyFile{};
  const int code = real_vfs->xOpen(real_vfs, name, real(file), flags, out_flags);
  file->pMethods = real(file)->pMethods != nullptr ? &kMethods : nullptr;
  return code;
}

FaultyDisk::FaultyDisk() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
  the_disk = this;
  vfs_.zName = "pegbox-faulty";
  vfs_.pNext = nullptr;
  vfs_.szOsFile = static_cast<int>(sizeof(FaultyFile)) + real_->szOsFile;
  vfs_.pAppData = real_;
  vfs_.xOpen = FaultyFile::open;
  sqlite3_vfs_register(&vfs_, 1);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_register(real_, 1);
  sqlite3_vfs_unregister(&vfs_);
  the_disk = nullptr;
}

}  // namespace pegbox
