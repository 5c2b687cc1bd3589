/** What an operator asks of any process: its memory, its processor time, how busy its thread is, since when it runs. */
import { Counter, Gauge, type Registry } from "prom-client";

/** Names are Prometheus' own where it has one. Everything is read when somebody scrapes. */
export function measureProcess(registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory of the process",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Counter({
    name: "process_cpu_seconds_total",
    help: "Processor time of the process, of all its threads",
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: "process_start_time_seconds",
    help: "When the process started, in seconds since the Unix epoch",
    registers,
  }).set(Math.round(performance.timeOrigin / 1000));
  new Counter({
    name: "sluice_event_loop_busy_seconds_total",
    help: "Time in which the one thread of the rules and the protocols was busy",
    registers,
    collect() {
      this.reset();
      this.inc(performance.eventLoopUtilization().active / 1000);
    },
  });
}
