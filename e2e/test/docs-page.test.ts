/** The page at `/docs` in a real browser: it shows the API, sends a request, and asks nobody but its own server. */
import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { startChromium, unlessMissing } from "@sluice/testbed";
import { dataDirectory } from "../src/data-directory.ts";
import { HttpClient } from "../src/http-client.ts";
import { SluiceProcess } from "../src/sluice-process.ts";

test("a request is tried on the page, with a token, and nothing is asked of anybody else", async (t) => {
  const browser = await unlessMissing(startChromium, (why) => t.skip(why));
  if (browser === undefined) return;
  t.after(() => browser.close());
  await using data = await dataDirectory();
  await using process = SluiceProcess.spawn({
    DATA_DIR: data.path,
    PARTS: "broker",
    AUTH_TOKENS: "ann:right-token",
  });
  const { http } = await process.addresses();
  const page = await browser.newPage();
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).origin));
  page.on("console", (said) => {
    if (said.type() === "error" && !said.text().includes("401")) complaints.push(said.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));

  await page.goto(`${http}/docs`);
  await page.getByText("Send one message or several to a queue").click();
  await page.getByRole("button", { name: "Try it out" }).click();
  const answer = page.locator(".live-responses-table .response").first();
  await page.getByRole("button", { name: "Execute" }).click();
  match((await answer.textContent()) ?? "", /^401/);

  await page.getByRole("button", { name: "Authorize" }).first().click();
  await page.locator(".modal-ux input").fill("right-token");
  await page.locator(".modal-ux").getByRole("button", { name: "Apply credentials" }).click();
  await page.locator(".modal-ux .close-modal").click();
  await page.getByRole("button", { name: "Execute" }).click();
  await answer.getByText("messageId").first().waitFor();
  match((await answer.textContent()) ?? "", /^201/);

  const { body } = await new HttpClient(http).get<{ messages: { body: string }[] }>("/dequeue?queue=orders", {
    authorization: "Bearer right-token",
  });
  deepEqual(
    body.messages.map((message) => message.body),
    ["resize photo 7"],
  );
  deepEqual(complaints, []);
  equal(new Set(asked).size, 1);
});
