/** Which partition a key belongs to: the same on every engine, because a state is found by it. */
export { partitionOfText as partitionOf } from "@sluice/broker/topic";
