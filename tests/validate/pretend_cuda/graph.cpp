// CUDA graphs: what streams were told, kept to be run as a whole.
#include "machine.h"

using orrery::pretend::Capture;
using orrery::pretend::Locked;
using orrery::pretend::Machine;

struct CUgraph_st {
  std::shared_ptr<Capture> capture;
};
struct CUgraphExec_st {
  std::shared_ptr<Capture> capture;
};

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  const Locked lock(Machine::get().lock);
  stream->capture = std::make_shared<Capture>();
  stream->captured_as = stream->capture->streams++;
  return Machine::get().tell(cudaSuccess);
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const Locked lock(Machine::get().lock);
  if (!stream->capture) return Machine::get().tell(cudaErrorStreamCaptureImplicit);
  *graph = new CUgraph_st{stream->capture};
  Machine::get().end(*(*graph)->capture);
  return Machine::get().tell(cudaSuccess);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new CUgraphExec_st{graph->capture};
  return Machine::get().tell(cudaSuccess);
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  const Locked lock(Machine::get().lock);
  const cudaError_t status = Machine::get().launch();
  if (status == cudaSuccess) Machine::get().launch(*executable->capture, Machine::get().of(stream));
  return status;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return delete executable, cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return delete graph, cudaSuccess;
}

}  // extern "C"
