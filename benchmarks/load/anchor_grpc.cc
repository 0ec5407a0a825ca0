// SPDX-License-Identifier: MIT
// anchor_grpc.cc -- the peer of the gRPC benchmark: lode.v1.System/Version on gRPC C++'s completion
// queue (its fastest interface), one thread, 512 calls waiting at any time.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "lode/v1/system_service.grpc.pb.h"

namespace {

class Call {
  public:
    Call(lode::v1::System::AsyncService *service, grpc::ServerCompletionQueue *queue)
        : service_(service), queue_(queue), responder_(&context_)
    {
        service_->RequestVersion(&context_, &request_, &responder_, queue_, queue_, this);
    }

    void Proceed(bool ok)
    {
        if (finished_ || !ok) {
            delete this;
            return;
        }
        new Call(service_, queue_);
        answer_.set_commit_sha("unknown");
        answer_.set_commit_date("unknown");
        answer_.set_pkg_version("0.1.0");
        finished_ = true;
        responder_.Finish(answer_, grpc::Status::OK, this);
    }

  private:
    lode::v1::System::AsyncService *service_;
    grpc::ServerCompletionQueue *queue_;
    grpc::ServerContext context_;
    lode::v1::VersionRequest request_;
    lode::v1::VersionResponse answer_;
    grpc::ServerAsyncResponseWriter<lode::v1::VersionResponse> responder_;
    bool finished_ = false;
};

} // namespace

int main()
{
    lode::v1::System::AsyncService service;
    grpc::ServerBuilder builder;
    int port = 0;

    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    auto queue = builder.AddCompletionQueue();
    auto server = builder.BuildAndStart();
    if (!server)
        return 1;
    std::printf("listening %d\n", port);
    std::fflush(stdout);
    for (int i = 0; i < 512; i++)
        new Call(&service, queue.get());
    void *tag = nullptr;
    bool ok = false;
    while (queue->Next(&tag, &ok))
        static_cast<Call *>(tag)->Proceed(ok);
}
