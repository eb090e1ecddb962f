import type { Place } from "../api/models";

const PATIENCE_MS = 4_000;

/**
 * Where the phone is, or undefined when it does not say within four seconds: a place is welcome, a worker who waits
 * for a satellite in a stairwell is not. Browsers tell it on https and localhost only.
 */
export function currentPlace(): Promise<Place | undefined> {
  return new Promise((resolve) => {
    if (!isSecureContext || !("geolocation" in navigator)) {
      resolve(undefined);
      return;
    }
    const patience = setTimeout(() => resolve(undefined), PATIENCE_MS);
    const settle = (place: Place | undefined) => {
      clearTimeout(patience);
      resolve(place);
    };
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => settle({ lat: coords.latitude, lon: coords.longitude, accuracy_m: coords.accuracy }),
      () => settle(undefined),
      { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 30_000 },
    );
  });
}
