/**
 * The protocol between engine and plugin, out of the SDK: its messages, and the gRPC library. The SDK as a whole is not
 * loaded: that takes more time than all else until the plugin listens.
 *
 * What the SDK depends on is loaded as the SDK finds it. Messages know only those of their own copy of google-protobuf.
 */
import { createRequire } from "node:module";
import type * as grpcLibrary from "@grpc/grpc-js";
import type * as any from "google-protobuf/google/protobuf/any_pb";
import type * as empty from "google-protobuf/google/protobuf/empty_pb";
import type * as struct from "google-protobuf/google/protobuf/struct_pb";

const ofSdk = createRequire(require.resolve("@pulumi/pulumi/package.json"));

export const grpc = ofSdk("@grpc/grpc-js") as typeof grpcLibrary;
export const { Struct } = ofSdk("google-protobuf/google/protobuf/struct_pb.js") as typeof struct;
export const { Empty } = ofSdk("google-protobuf/google/protobuf/empty_pb.js") as typeof empty;
export const { Any } = ofSdk("google-protobuf/google/protobuf/any_pb.js") as typeof any;

/** A bag of properties, as it travels. */
export type Struct = struct.Struct;
