/** Typed events on a journal of one's own, in one process. Run it twice: the second run goes on where the first one ended. */
import { Broker } from "@sluice/broker";
import { FileJournal, NodeDisk } from "@sluice/broker/journal";
import { BrokerEngine, Bus, event, on } from "@sluice/bus";
import { systemClock as clock, createLog, systemRandom as random } from "@sluice/runtime";
import Type from "typebox";

const orderPlaced = event({
  type: "order.placed",
  topic: "orders",
  schema: Type.Object({ orderId: Type.String(), amount: Type.Number() }),
  key: (order) => order.orderId,
});

const directory = process.argv[2] ?? "data/events-example";
const log = createLog("warn");
await using broker = await Broker.open({
  journal: await FileJournal.open({ disk: await NodeDisk.open(directory), random }),
});
await using bus = await Bus.open({
  engine: BrokerEngine.open({ broker, clock, random }),
  source: "/example",
  clock,
  random,
  log,
});

const heard = Promise.withResolvers<void>();
await using _mailer = await bus.subscribe({
  group: "mailer",
  handlers: [
    on(orderPlaced, (order) => {
      process.stdout.write(`offset ${order.offset}: ${order.data.orderId} for ${order.data.amount}\n`);
      if (order.data.orderId === "o-2") heard.resolve();
    }),
  ],
});
await bus.publish(orderPlaced, { orderId: "o-1", amount: 20 });
const { durability } = await bus.publish(orderPlaced, { orderId: "o-2", amount: 5 });
process.stdout.write(`published, ${durability}\n`);
await heard.promise;
