/** What the waiting room does, told as it happens. */
import { test } from "node:test";
import { transcript } from "../../test/transcript.ts";

test("two slots: the third visitor waits, and gets the slot that comes free first", () => {
  transcript(`
    capacity 2                 -> open 0/2 and 0 waiting | capacity 2
    join ann                   -> ann ready 0 | joined ann #1 at 1, admitted ann
    join ben                   -> ben ready 0 | joined ben #2 at 1, admitted ben
    join cleo                  -> cleo waiting 1 | joined cleo #3 at 1
    join dan                   -> dan waiting 2 | joined dan #4 at 2
    checkout ben completed     -> ok | completed ben, admitted cleo
    checkout ann failed        -> ok | failed ann, admitted dan
    checkout cleo expired      -> ok | expired cleo
  `);
});

test("a room that nobody has set up has 100 slots", () => {
  transcript(`
    join ann                   -> ann ready 0 | capacity 100, joined ann #1 at 1, admitted ann
    join ben                   -> ben ready 0 | joined ben #2 at 1, admitted ben
  `);
});

test("a user has one place: joining again answers the same session and adds nothing", () => {
  transcript(`
    capacity 1                 -> open 0/1 and 0 waiting | capacity 1
    join ann                   -> ann ready 0 | joined ann #1 at 1, admitted ann
    join ann                   -> ann ready 0 | nothing
    join ben                   -> ben waiting 1 | joined ben #2 at 1
    join ben                   -> ben waiting 1 | nothing
    # Once the stay has ended a new one begins, at the end of the line.
    checkout ann completed     -> ok | completed ann, admitted ben
    join ann                   -> ann'' waiting 1 | joined ann'' #3 at 1
  `);
});

test("a slot is given back once, whatever the shop says and how often", () => {
  transcript(`
    capacity 1                 -> open 0/1 and 0 waiting | capacity 1
    join ann                   -> ann ready 0 | joined ann #1 at 1, admitted ann
    join ben                   -> ben waiting 1 | joined ben #2 at 1
    join cleo                  -> cleo waiting 2 | joined cleo #3 at 2
    checkout ben completed     -> session-not-ready | nothing
    checkout zoe completed     -> unknown-session | nothing
    checkout ann completed     -> ok | completed ann, admitted ben
    checkout ann completed     -> session-ended | nothing
    checkout ann failed        -> session-ended | nothing
    leave ann                  -> ann completed 0 | nothing
    join dan                   -> dan waiting 2 | joined dan #4 at 2
  `);
});

test("leaving the line moves up those behind; leaving a slot admits the next", () => {
  transcript(`
    capacity 1                 -> open 0/1 and 0 waiting | capacity 1
    join ann                   -> ann ready 0 | joined ann #1 at 1, admitted ann
    join ben                   -> ben waiting 1 | joined ben #2 at 1
    join cleo                  -> cleo waiting 2 | joined cleo #3 at 2
    leave ben                  -> ben left 0 | left ben user_left
    join cleo                  -> cleo waiting 1 | nothing
    leave ann                  -> ann left 0 | left ann user_left, admitted cleo
    leave ann                  -> ann left 0 | nothing
    leave zoe                  -> unknown-session | nothing
  `);
});

test("a checkout token that nobody used ends after 15 minutes, and the next is admitted", () => {
  transcript(`
    capacity 1                 -> open 0/1 and 0 waiting | capacity 1
    join ann                   -> ann ready 0 | joined ann #1 at 1, admitted ann
    join ben                   -> ben waiting 1 | joined ben #2 at 1
    advance 899s               -> nothing
    advance 1s                 -> [left ann expired, admitted ben]
    checkout ann completed     -> session-ended | nothing
    advance 15m                -> [left ben expired]
  `);
});

test("more capacity admits at once; less ends nobody's checkout, but admits nobody until enough have ended", () => {
  transcript(`
    capacity 1                 -> open 0/1 and 0 waiting | capacity 1
    join ann                   -> ann ready 0 | joined ann #1 at 1, admitted ann
    join ben                   -> ben waiting 1 | joined ben #2 at 1
    join cleo                  -> cleo waiting 2 | joined cleo #3 at 2
    join dan                   -> dan waiting 3 | joined dan #4 at 3
    capacity 3                 -> open 3/3 and 1 waiting | capacity 3, admitted ben, admitted cleo
    capacity 3                 -> open 3/3 and 1 waiting | nothing
    capacity 1                 -> open 3/1 and 1 waiting | capacity 1
    checkout ann completed     -> ok | completed ann
    checkout ben completed     -> ok | completed ben
    checkout cleo completed    -> ok | completed cleo, admitted dan
    # No capacity at all holds everybody.
    capacity 0                 -> open 1/0 and 0 waiting | capacity 0
    join eve                   -> eve waiting 1 | joined eve #5 at 1
    checkout dan completed     -> ok | completed dan
    capacity 1                 -> open 1/1 and 0 waiting | capacity 1, admitted eve
  `);
});

test("closing lets those leave who wait; those in checkout finish; opening again begins anew", () => {
  transcript(`
    close                      -> unknown-room | nothing
    capacity 1                 -> open 0/1 and 0 waiting | capacity 1
    join ann                   -> ann ready 0 | joined ann #1 at 1, admitted ann
    join ben                   -> ben waiting 1 | joined ben #2 at 1
    join cleo                  -> cleo waiting 2 | joined cleo #3 at 2
    close                      -> closed 1/1 and 0 waiting | closed, left ben expired, left cleo expired
    close                      -> closed 1/1 and 0 waiting | nothing
    join dan                   -> room-closed | nothing
    join ann                   -> ann ready 0 | nothing
    checkout ann completed     -> ok | completed ann
    capacity 1                 -> open 0/1 and 0 waiting | capacity 1
    join dan                   -> dan' ready 0 | joined dan' #4 at 1, admitted dan'
  `);
});

test("what is too much for one transaction is done in several, in the same order", () => {
  transcript(
    `
    capacity 0                 -> open 0/0 and 0 waiting | capacity 0
    join ann                   -> ann waiting 1 | joined ann #1 at 1
    join ben                   -> ben waiting 2 | joined ben #2 at 2
    join cleo                  -> cleo waiting 3 | joined cleo #3 at 3
    join dan                   -> dan waiting 4 | joined dan #4 at 4
    join eve                   -> eve waiting 5 | joined eve #5 at 5
    capacity 3                 -> open 2/3 and 3 waiting | capacity 3, admitted ann, admitted ben, [admitted cleo]
    # Both who wait leave in the first, the leases end two at a time.
    close                      -> closed 3/3 and 0 waiting | closed, left dan expired, left eve expired
    advance 15m                -> [left ann expired, left ben expired], [left cleo expired]
  `,
    { batchMax: 2 },
  );
});

test("what comes between two of several transactions meets a room that is neither full nor empty", () => {
  transcript(
    `
    capacity 0                 -> open 0/0 and 0 waiting | capacity 0
    join ann                   -> ann waiting 1 | joined ann #1 at 1
    join ben                   -> ben waiting 2 | joined ben #2 at 2
    join cleo                  -> cleo waiting 3 | joined cleo #3 at 3
    join dan                   -> dan waiting 4 | joined dan #4 at 4
    capacity 9                 -> open 1/9 and 3 waiting | capacity 9, admitted ann
    # Nobody overtakes: who joins now moves the line on and stands at its end.
    join eve                   -> eve waiting 3 | joined eve #5 at 4, admitted ben
    # Who leaves is not admitted in the same breath.
    leave cleo                 -> cleo left 0 | left cleo user_left, admitted dan
    deadline                   -> ok | admitted eve
    deadline                   -> ok | nothing
    capacity 0                 -> open 4/0 and 0 waiting | capacity 0
    join fay                   -> fay waiting 1 | joined fay #6 at 1
    join gus                   -> gus waiting 2 | joined gus #7 at 2
    join hal                   -> hal waiting 3 | joined hal #8 at 3
    close                      -> closed 4/0 and 2 waiting | closed, left fay expired
    capacity 5                 -> room-closing | nothing
    leave gus                  -> gus left 0 | left gus user_left, left hal expired
    capacity 5                 -> open 4/5 and 0 waiting | capacity 5
  `,
    { batchMax: 1 },
  );
});

test("an ended session can be asked for during an hour, and is then forgotten", () => {
  transcript(`
    capacity 1                 -> open 0/1 and 0 waiting | capacity 1
    join ann                   -> ann ready 0 | joined ann #1 at 1, admitted ann
    leave ann                  -> ann left 0 | left ann user_left
    advance 3599s              -> nothing
    join ben                   -> ben ready 0 | joined ben #2 at 1, admitted ben
    leave ann                  -> ann left 0 | nothing
    advance 1s                 -> nothing
    leave ben                  -> ben left 0 | left ben user_left
    leave ann                  -> unknown-session | nothing
    checkout ann completed     -> unknown-session | nothing
    leave ben                  -> ben left 0 | nothing
  `);
});

test("the wait is unknown until slots have come free, and then follows their pace", () => {
  transcript(`
    capacity 3                 -> open 0/3 and 0 waiting | capacity 3
    join ann                   -> ann ready 0 | joined ann #1 at 1, admitted ann
    join ben                   -> ben ready 0 | joined ben #2 at 1, admitted ben
    join cleo                  -> cleo ready 0 | joined cleo #3 at 1, admitted cleo
    join dan                   -> dan waiting 1 | joined dan #4 at 1
    checkout ann completed     -> ok | completed ann, admitted dan
    advance 10s                -> nothing
    checkout ben completed     -> ok | completed ben
    advance 10s                -> nothing
    checkout cleo completed    -> ok | completed cleo
    join eve                   -> eve ready 0 | joined eve #5 at 1, admitted eve
    join fay                   -> fay ready 0 | joined fay #6 at 1, admitted fay
    join gus                   -> gus waiting 1 about 10s | joined gus #7 at 1
    join hal                   -> hal waiting 2 about 20s | joined hal #8 at 2
    # Nothing comes free for a while: the estimate grows instead of staying hopeful.
    advance 20s                -> nothing
    join hal                   -> hal waiting 2 about 40s | nothing
  `);
});
