#pragma once

#include "interop/import/chakra/job.h"
#include "interop/import/chakra/rate.h"
#include "interop/import/draft.h"

namespace orrery::interop::chakra {

// What a table of layers leaves out of the traces, or has otherwise, into the draft's head.
void tell_backward(const Job& job, const Rate& rate, Draft& draft);
void tell_left_out(const Job& job, Draft& draft);

}  // namespace orrery::interop::chakra
