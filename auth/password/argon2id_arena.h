#ifndef GATEHOUSE_AUTH_PASSWORD_ARGON2ID_ARENA_H_
#define GATEHOUSE_AUTH_PASSWORD_ARGON2ID_ARENA_H_

#include <cstddef>
#include <cstdint>

namespace gatehouse::auth {

// The memory of one hash, kept between hashes and on huge pages where the system
// grants them: 19 MiB of fresh small pages cost more than the hash itself. One user
// at a time.
//
// It holds what the last hash left, from which that password could be guessed more
// cheaply than from the hash, until the next one overwrites it or Release is called;
// it is no part of a core dump.
class Argon2idArena {
 public:
  Argon2idArena() = default;
  Argon2idArena(const Argon2idArena&) = delete;
  Argon2idArena& operator=(const Argon2idArena&) = delete;
  ~Argon2idArena();

  // Aligned to a page. Null when the system has no memory left.
  uint8_t* Reserve(size_t bytes);
  // Gives the pages and what is in them back to the system; the next hash faults
  // in zeroed ones.
  void Release();

  // What can be reserved without asking the system.
  size_t capacity() const { return capacity_; }

 private:
  void Unmap();

  void* mapping_ = nullptr;
  uint8_t* memory_ = nullptr;
  size_t capacity_ = 0;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_ARGON2ID_ARENA_H_
