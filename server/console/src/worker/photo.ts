/** Photos as they are sent: small enough for a slow network, upright, without the phone's own metadata. */

const LONG_SIDE = 1920;
const QUALITY = 0.85;

/** The file is no picture that this browser can read. */
export class UnreadablePhoto extends Error {}

/**
 * A JPEG of the picture, at most 1920 px on its long side. Drawing it anew leaves out EXIF, and with it the place and
 * the device that the worker did not mean to send.
 *
 * @throws UnreadablePhoto
 */
export async function preparePhoto(file: Blob): Promise<Blob> {
  const picture = await read(file);
  const scale = Math.min(1, LONG_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((resolve, reject) => {
    canvas.toBlob((made) => (made === null ? reject(new UnreadablePhoto()) : resolve(made)), "image/jpeg", QUALITY);
  });
}

/** Draw the picture into a canvas, as small as the canvas is. */
export async function drawInto(canvas: HTMLCanvasElement, photo: Blob): Promise<void> {
  const picture = await read(photo);
  const scale = Math.min(1, canvas.width / picture.width);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
}

async function read(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch (cause) {
    throw new UnreadablePhoto("not a picture", { cause });
  }
}
