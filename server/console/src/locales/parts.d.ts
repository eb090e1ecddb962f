/** Parts of a catalogue, as the build splits it (`words.vite.ts`). */
declare module "*.json?light" {
  const words: object;
  export default words;
}
declare module "*.json?rest" {
  const words: object;
  export default words;
}
