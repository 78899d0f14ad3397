// Observer: is told every event of a running study. Progress line, page and watch are observers.
#pragma once

#include "search/event.h"

namespace pegbox {

class Observer {
 public:
  virtual ~Observer() = default;

  /// Called by the tuner's thread after the event was stored. Must return at once: copy and leave.
  virtual void on_event(const Event& event) = 0;
};

}  // namespace pegbox
