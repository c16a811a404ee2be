import { expect, test } from "vitest";
import { TEST_CURSOR } from "../pillion";
import { FrameCopy, SpriteFinder } from "./sprite";

const { width: SIZE, hotX: HOT } = TEST_CURSOR;
const sprite = TEST_CURSOR;

function desktop(): FrameCopy {
  const picture = new FrameCopy();
  picture.setSize(640, 480);
  picture.pixels.fill(0xff_80_40_20);
  return picture;
}

/** As a guest draws it: cut off at the edges. */
function paint(picture: FrameCopy, x: number, y: number): void {
  sprite.colours.forEach((colour, index) => {
    const column = x - HOT + (index % SIZE);
    const row = y - HOT + Math.floor(index / SIZE);
    if (column < 0 || row < 0 || column >= picture.width || row >= picture.height) return;
    const [red, green, blue] = [colour >>> 16, (colour >>> 8) & 0xff, colour & 0xff];
    picture.pixels[row * picture.width + column] =
      (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

test("the sprite is found everywhere, corners and edges included", () => {
  for (const [x, y] of [
    [0, 0],
    [639, 0],
    [0, 479],
    [639, 479],
    [320, 0],
    [100, 200],
  ] as const) {
    const picture = desktop();
    paint(picture, x, y);
    expect(new SpriteFinder(sprite).find(picture)).toEqual({ x, y });
  }
});

test("at the edges, where a part of the sprite looks like one that is cut off, all of it counts", () => {
  const finder = new SpriteFinder(sprite);
  for (const corner of [0, 1] as const)
    for (let x = 0; x <= 13; x++)
      for (let y = 0; y <= 13; y++) {
        const picture = desktop();
        const at = corner ? { x: 639 - x, y: 479 - y } : { x, y };
        paint(picture, at.x, at.y);
        expect(finder.find(picture)).toEqual(at);
      }
});

test("a cursor that moves a little is found without searching the whole picture", () => {
  const finder = new SpriteFinder(sprite);
  for (let x = 100; x < 500; x += 40) {
    const picture = desktop();
    paint(picture, x, 100);
    expect(finder.find(picture)).toEqual({ x, y: 100 });
  }
  expect(finder.fullSearches).toBe(1);
});

test("a jump across the screen is found too", () => {
  const finder = new SpriteFinder(sprite);
  for (const x of [20, 600]) {
    const picture = desktop();
    paint(picture, x, 400);
    expect(finder.find(picture)).toEqual({ x, y: 400 });
  }
});

test("something alike is not taken for it", () => {
  const picture = desktop();
  paint(picture, 300, 300);
  picture.pixels[298 * picture.width + 298] = 0xff000000;
  expect(new SpriteFinder(sprite).find(picture)).toBeUndefined();
});

test("a picture is put together from changed rectangles, cut at its edges", () => {
  const picture = new FrameCopy();
  picture.setSize(4, 3);
  const data = new Uint8ClampedArray(2 * 2 * 4).fill(7);
  picture.draw(1, 1, { width: 2, height: 2, data });
  picture.draw(3, 2, { width: 2, height: 2, data });
  const set = [...picture.pixels].map((pixel) => (pixel === 0x07070707 ? 1 : 0));
  expect(set).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1]);
});
